package org.chronolith.server.tools;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogCut;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.ForkMark;
import org.chronolith.server.recovery.StoredDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith repair DIR --cut}. */
@Command(
    name = "repair",
    description =
        "Shows what is damaged in the log behind the newest sound snapshot; with --cut, cuts the log"
            + " there after asking, and keeps what it cut beside it (repair-cut-segment-…), until you remove it."
            + " Damage in older history is left alone: a start does not need it.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:there is nothing to cut, or it was cut",
      "1:there is damage, and it was not cut",
      "2:it cannot be done"
    },
    mixinStandardHelpOptions = true)
final class RepairCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "a data directory that no server uses")
  private Path path;

  @Option(names = "--cut", description = "cut the log at the first damage")
  private boolean cut;

  @Option(names = "--yes", description = "do not ask")
  private boolean yes;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    StoredDirectory directory = CommonOptions.openWhole(path);
    CommonOptions.refuseLocked(directory, "a log that is written to cannot be repaired");
    if (!cut) {
      return repair(directory);
    }
    try (DataDirectory locked = DataDirectory.open(directory.root())) {
      return repair(CommonOptions.openWhole(locked.directory()));
    }
  }

  private int repair(StoredDirectory directory) {
    Path logDir =
        directory
            .log()
            .orElseThrow(
                () -> new ToolException("there is no log in " + directory.live().orElseThrow()));
    Progress progress = common.progress();
    CheckReport report = new CheckReport();
    LogInspector log = LogInspector.open(logDir, false);
    LogCheck checked = LogCheck.run(log, report, progress);
    progress.end();
    long from = Bases.newestOffset(directory.live().orElseThrow().snapshots());
    Optional<LogCut> plan = LogCut.plan(logDir, log, checked.damage(), from, checked.endOffset());
    if (plan.isEmpty()) {
      return nothing(checked, from);
    }
    describe(plan.get(), from);
    if (!cut) {
      say("nothing was changed; --cut cuts it");
      return finish(plan.get(), List.of(), false);
    }
    if (!yes && !confirmed()) {
      say("nothing was changed");
      return finish(plan.get(), List.of(), false);
    }
    mark(directory.root(), plan.get(), checked.history());
    return finish(plan.get(), plan.get().apply(), true);
  }

  private int nothing(LogCheck checked, long from) {
    checked.damage().forEach(one -> say("older than the snapshot, left alone: " + one));
    say("there is nothing to cut: the log is sound from offset " + from + " on");
    if (common.json()) {
      common.print(
          JsonText.object("cut", false, "needed", false, "older-damage", texts(checked.damage())));
    }
    return 0;
  }

  private static List<String> texts(List<LogInspector.Damage> damage) {
    return damage.stream().map(LogInspector.Damage::toString).toList();
  }

  private void describe(LogCut plan, long from) {
    say("damage: " + plan.damage());
    say(
        "the log would end at offset "
            + plan.newEndOffset()
            + (plan.segments().isEmpty()
                ? "; nothing is cut, what is missing is given up"
                : "; cut would be "
                    + plan.cutBytes()
                    + " bytes of files in "
                    + String.join(", ", plan.segments())));
    if (plan.readableBytesLost() > 0) {
      say(
          "among them "
              + plan.readableBytesLost()
              + " bytes of the stream that can still be read, from offset "
              + plan.damage().nextOffset()
              + " on: they follow the damage and cannot be applied without what it destroyed."
              + " 'log' on the directories that were cut shows them");
    }
    if (plan.newEndOffset() < from) {
      say(
          "the newest snapshot is of offset "
              + from
              + ": a start goes on from there, and nothing behind it is left");
    }
  }

  /** After a cut the log may end like one that was closed: the mark says that bytes are missing. */
  private static void mark(Path root, LogCut plan, History history) {
    String id = history == null ? History.NO_ID : history.currentId();
    try {
      new ForkMark("cut", id, plan.newEndOffset(), System.currentTimeMillis()).write(root);
    } catch (IOException e) {
      throw new ToolException("cannot write to " + root + ": " + e, e);
    }
  }

  private boolean confirmed() {
    common.err().print("Cut it? Type yes: ");
    common.err().flush();
    try {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String answer = in.readLine();
      if (answer == null) {
        throw new ToolException("there is nobody to ask; --yes cuts without asking");
      }
      return answer.strip().equalsIgnoreCase("yes");
    } catch (IOException e) {
      throw new ToolException("cannot ask: " + e + "; --yes cuts without asking", e);
    }
  }

  private int finish(LogCut plan, List<Path> kept, boolean done) {
    if (done) {
      say(kept.isEmpty() ? "done" : "cut; what was cut is kept in " + kept);
      say("a master that starts here takes a new replication id");
    }
    if (common.json()) {
      Map<String, Object> document =
          JsonText.object(
              "cut", done,
              "needed", true,
              "damage", plan.damage().toString(),
              "end-offset", plan.newEndOffset(),
              "cut-bytes", plan.cutBytes(),
              "readable-bytes-lost", plan.readableBytesLost(),
              "segments", plan.segments(),
              "kept", kept.stream().map(Path::toString).toList());
      common.print(document);
    }
    return done ? 0 : Main.DAMAGE;
  }

  private void say(String text) {
    if (!common.json()) {
      common.line(text);
    }
  }
}
