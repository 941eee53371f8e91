package org.chronolith.server.tools;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogCut;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.recovery.ForkMark;
import org.chronolith.server.recovery.Recovery;
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
            + " Damaged snapshots behind the end of the log, for which a start is refused, are set"
            + " aside as damaged-checkpoint-…."
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
    try (DataDirectory locked = DataDirectory.open(directory.path())) {
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
    Path snapshots = directory.live().orElseThrow().snapshots();
    long from = Bases.newestOffset(snapshots);
    Optional<LogCut> cutOfLog =
        LogCut.plan(logDir, log, checked.damage(), from, checked.endOffset());
    long end = cutOfLog.map(LogCut::newEndOffset).orElse(checked.endOffset());
    List<Path> beyond =
        Bases.damaged(snapshots).stream()
            .filter(one -> Recovery.lost(List.of(one), end, from).isPresent())
            .toList();
    if (cutOfLog.isEmpty() && beyond.isEmpty()) {
      return nothing(checked, from);
    }
    Plan plan = new Plan(cutOfLog, beyond, end);
    cutOfLog.ifPresent(one -> describe(one, from));
    beyond.forEach(
        one ->
            say(
                one
                    + " is damaged, and the log would end before it: a start is refused while it is"
                    + " there; it would be set aside"));
    if (!cut) {
      say("nothing was changed; --cut cuts it");
      return finish(plan, List.of(), false);
    }
    if (!yes && !confirmed()) {
      say("nothing was changed");
      return finish(plan, List.of(), false);
    }
    mark(directory.path(), end, checked.history());
    List<Path> kept = new ArrayList<>(cutOfLog.map(LogCut::apply).orElse(List.of()));
    kept.addAll(setAside(snapshots, beyond));
    return finish(plan, kept, true);
  }

  /**
   * What is to be done.
   *
   * @param log empty if the log is sound
   * @param beyond damaged checkpoints behind the end of the log, for which a start is refused: they
   *     had data that nothing else leads to
   * @param endOffset of the log, then
   */
  private record Plan(Optional<LogCut> log, List<Path> beyond, long endOffset) {}

  /** As a start does it with damaged checkpoints that it can do without. */
  private static List<Path> setAside(Path snapshots, List<Path> checkpoints) {
    List<Path> kept = new ArrayList<>();
    try {
      for (Path checkpoint : checkpoints) {
        long offset = SnapshotStore.offsetOf(checkpoint).orElse(0);
        Path aside =
            snapshots.resolve(SnapshotStore.DAMAGED + offset + "-" + System.currentTimeMillis());
        DirectoryDisk.SYSTEM.rename(checkpoint, aside);
        DirectoryDisk.SYSTEM.force(snapshots);
        kept.add(aside);
      }
      return kept;
    } catch (IOException e) {
      throw ToolException.of("cannot set a checkpoint in " + snapshots + " aside", e);
    }
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
  private static void mark(Path directory, long endOffset, History history) {
    String id = history == null ? History.NO_ID : history.currentId();
    try {
      new ForkMark("cut", id, endOffset, System.currentTimeMillis()).write(directory);
    } catch (IOException e) {
      throw ToolException.of("cannot write to " + directory, e);
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
      throw new ToolException(
          "cannot ask: " + LogException.reasonOf(e) + "; --yes cuts without asking", e);
    }
  }

  private int finish(Plan plan, List<Path> kept, boolean done) {
    if (done) {
      say(kept.isEmpty() ? "done" : "cut; what was cut is kept in " + kept);
      say("a master that starts here takes a new replication id");
    }
    if (common.json()) {
      Optional<LogCut> log = plan.log();
      Map<String, Object> document =
          JsonText.object(
              "cut", done,
              "needed", true,
              "damage", log.map(one -> one.damage().toString()).orElse(""),
              "end-offset", plan.endOffset(),
              "cut-bytes", log.map(LogCut::cutBytes).orElse(0L),
              "readable-bytes-lost", log.map(LogCut::readableBytesLost).orElse(0L),
              "segments", log.map(LogCut::segments).orElse(List.of()),
              "damaged-checkpoints", plan.beyond().stream().map(Path::toString).toList(),
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
