package org.chronolith.server.tools;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.Callable;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.CheckedChannel;
import org.chronolith.server.recovery.KeyspaceSource;
import org.chronolith.server.recovery.RdbAuxiliary;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith export DIR dump.rdb [--to OFFSET|TIME]}. */
@Command(
    name = "export",
    description =
        "Writes the state of a data directory, now or as of an offset or a time, as an RDB that"
            + " every redis-server since 5.0 loads. The directory is only read, and may be in use.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:exported", "2:it cannot be done, and nothing was left behind"},
    mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "DIR", description = "a data directory or a backup")
  private Path path;

  @Parameters(index = "1", paramLabel = "RDB", description = "the file to write")
  private Path file;

  @Option(
      names = "--to",
      paramLabel = "OFFSET|TIME",
      description = Point.FORMS + "; the end of the log unless given")
  private String to;

  @Option(names = "--force", description = "replace the file if it is there")
  private boolean force;

  @Mixin private CommonOptions common;

  private long bytes;

  @Override
  public Integer call() {
    Path target = file.toAbsolutePath().normalize();
    if (Files.exists(target) && !force) {
      throw new ToolException(file + " is there already; --force replaces it");
    }
    Point point =
        to == null
            ? new Point(Point.Kind.END, Long.MAX_VALUE, "end")
            : Point.parse(to, System.currentTimeMillis());
    Progress progress = common.progress();
    Restore.Result result;
    try {
      Restore restore = new Restore(CommonOptions.openWhole(path), null, point, 0, progress);
      result =
          restore.run(
              (state, offset, history) -> {
                progress.begin("writing", 0);
                // Its own id is that of the data; the new one is for a node that writes on.
                Map<String, String> auxiliary =
                    RdbAuxiliary.of(
                        System.currentTimeMillis(),
                        state.target().db(),
                        history.secondId(),
                        offset);
                return write(state, auxiliary, target, progress);
              });
    } finally {
      progress.end();
    }
    if (common.json()) {
      common.print(
          JsonText.object(
              "file", file.toString(),
              "bytes", bytes,
              "offset", result.offset(),
              "commit-time", Point.time(result.commitMs()),
              "keys", result.keys(),
              "notes", result.notes()));
    } else {
      common.line(
          "exported "
              + path
              + " as of offset "
              + result.offset()
              + " (last commit at "
              + Point.time(result.commitMs())
              + ") to "
              + file);
      common.line(result.keys() + " keys in " + Progress.size(bytes));
      result.notes().forEach(note -> common.line("note: " + note));
    }
    return 0;
  }

  /** Under another name until it is complete and on the disk. */
  private long write(
      OfflineDataset state, Map<String, String> auxiliary, Path target, Progress progress) {
    Path making = target.resolveSibling(target.getFileName() + ".making");
    try {
      try (FileChannel out =
          FileChannel.open(
              making,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        state.keyspace().begin(System.currentTimeMillis(), ExpiryMode.IGNORE);
        bytes = state.writeRdb(auxiliary, new CheckedChannel(out, progress::add));
        out.force(true);
      }
      Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
      return new KeyspaceSource(state::keyspace).keys();
    } catch (IOException e) {
      deleteAfter(e, making);
      throw ToolException.of("cannot write " + file, e);
    }
  }

  private static void deleteAfter(IOException cause, Path making) {
    try {
      Files.deleteIfExists(making);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
