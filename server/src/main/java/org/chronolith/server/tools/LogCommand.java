package org.chronolith.server.tools;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.server.recovery.StoredDirectory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith log DIR}. */
@Command(
    name = "log",
    description =
        "Prints the replication stream as commands: offset, time, database, words. The state before"
            + " a command is the one at its offset. Changes nothing; may run beside the server.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:everything that is wanted was shown",
      "1:damage was found",
      "2:it cannot be shown"
    },
    mixinStandardHelpOptions = true)
final class LogCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "DIR",
      description =
          "a data directory or a backup; also a log, one segment, its file, and what was cut:"
              + " cut-segment-… (a whole segment, or the end of one: what of it is whole is shown)"
              + " and repair-cut-segment-…")
  private Path path;

  @Option(names = "--from", paramLabel = "OFFSET|TIME", description = Point.FORMS)
  private String from;

  @Option(
      names = "--to",
      paramLabel = "OFFSET|TIME",
      description = "up to here; a command that begins at this offset is not shown")
  private String to;

  @Option(
      names = "--key",
      paramLabel = "PATTERN",
      description = "only commands with a key like this (a glob, as of KEYS)")
  private String key;

  @Option(names = "--db", paramLabel = "N", description = "only commands in this database")
  private Integer db;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (db != null && db < 0) {
      throw new ToolException("--db " + db + ": databases are numbered from 0");
    }
    long nowMs = System.currentTimeMillis();
    Optional<Point> first = Optional.ofNullable(from).map(text -> Point.parse(text, nowMs));
    Optional<Point> last = Optional.ofNullable(to).map(text -> Point.parse(text, nowMs));
    StoredDirectory directory = CommonOptions.open(path);
    Path where =
        directory.log().orElseThrow(() -> new ToolException(path + ": there is no log in it"));
    LogInspector log = LogInspector.open(where, directory.holder().isPresent());
    long end =
        log.segments().stream().mapToLong(LogInspector.SegmentInfo::startOffset).max().orElse(0);
    Optional<Point> begin = first.map(point -> point.resolve(end));
    begin.ifPresent(point -> tellIfOlder(point, log));
    StreamFilter filter =
        new StreamFilter(
            begin,
            last.map(point -> point.resolve(end)),
            Optional.ofNullable(key).map(text -> text.getBytes(StandardCharsets.UTF_8)),
            Optional.ofNullable(db));
    Progress progress = common.progress();
    progress.begin("log", log.totalBytes());
    try (StreamPrinter printer = new StreamPrinter(log, filter, common, progress)) {
      log.walk(printer);
      return printer.damaged() ? Main.DAMAGE : 0;
    } finally {
      progress.end();
    }
  }

  private void tellIfOlder(Point begin, LogInspector log) {
    Optional<LogInspector.SegmentInfo> oldest =
        log.segments().stream().filter(LogInspector.SegmentInfo::usable).findFirst();
    if (oldest.isEmpty()) {
      return;
    }
    LogInspector.SegmentInfo segment = oldest.get();
    boolean older =
        begin.kind() == Point.Kind.TIME
            ? begin.value() < segment.startMs()
            : begin.value() < segment.startOffset();
    if (older) {
      common
          .err()
          .println(
              "note: what is there begins at offset "
                  + segment.startOffset()
                  + " (segment of "
                  + Point.time(segment.startMs())
                  + "); --from "
                  + begin.text()
                  + " is before that");
    }
  }
}
