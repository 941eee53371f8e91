package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith restore DIR --to OFFSET|TIME --into NEWDIR}. */
@Command(
    name = "restore",
    description =
        "Builds a fresh data directory with the state of an offset or a time: the newest snapshot at"
            + " or before it, and the log up to it. The source is only read, and may be in use. The"
            + " result has a replication id of its own.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:restored", "2:it cannot be done, and nothing was left behind"},
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "a data directory or a backup")
  private Path path;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "OFFSET|TIME",
      description =
          Point.FORMS
              + ". A time includes every commit up to the first one that was written after it")
  private String to;

  @Option(
      names = "--into",
      required = true,
      paramLabel = "NEWDIR",
      description = "where to; missing or empty")
  private Path into;

  @Option(
      names = "--log",
      paramLabel = "DIR",
      description =
          "take the log from this data directory: DIR is then a backup, and the node that it was"
              + " made of went on")
  private Path logFrom;

  @Option(
      names = "--databases",
      paramLabel = "N",
      description = "number of databases; at least what the snapshot has, or 16")
  private Integer databases;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (databases != null && databases < 1) {
      throw new ToolException("--databases " + databases + ": at least one is needed");
    }
    Point point = Point.parse(to, System.currentTimeMillis());
    Progress progress = common.progress();
    Restore.Result result;
    try {
      Restore restore =
          new Restore(
              CommonOptions.openWhole(path),
              logFrom == null ? null : CommonOptions.openWhole(logFrom),
              point,
              databases == null ? 0 : databases,
              progress);
      result = restore.into(into.toAbsolutePath().normalize());
    } finally {
      progress.end();
    }
    if (common.json()) {
      common.print(json(result));
    } else {
      print(result);
    }
    return 0;
  }

  private void print(Restore.Result result) {
    common.line(
        "restored "
            + path
            + " as of offset "
            + result.offset()
            + " (last commit at "
            + Point.time(result.commitMs())
            + ") into "
            + into);
    common.line(
        result.keys()
            + " keys, from "
            + result.base()
            + " and "
            + result.replayedBytes()
            + " bytes of the log");
    common.line("replication id " + CheckReport.describe(result.history()));
    result.notes().forEach(note -> common.line("note: " + note));
    common.line("to serve it: bin/chronolith server --dir " + into);
  }

  private Map<String, Object> json(Restore.Result result) {
    return JsonText.object(
        "directory", into.toString(),
        "offset", result.offset(),
        "commit-time", Point.time(result.commitMs()),
        "commit-ms", result.commitMs(),
        "keys", result.keys(),
        "base-offset", result.baseOffset(),
        "replayed-bytes", result.replayedBytes(),
        "replication-id", result.history().currentId(),
        "lineage", CheckReport.lineage(result.history()),
        "notes", result.notes());
  }
}
