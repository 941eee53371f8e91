package org.chronolith.server.tools;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.chronolith.engine.rdb.RdbContents;
import org.chronolith.engine.rdb.RdbListener;
import org.chronolith.replicationlog.History;
import org.chronolith.server.OfflineDataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chronolith import dump.rdb --dir DIR}. */
@Command(
    name = "import",
    description =
        "Builds a fresh data directory from an RDB, as redis-server 2.6 to 7.2 and 'export' write"
            + " it. The result has a replication id of its own.",
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {"0:imported", "2:it cannot be done, and nothing was left behind"},
    mixinStandardHelpOptions = true)
final class ImportCommand implements Callable<Integer> {
  private static final int DEFAULT_DATABASES = 16;

  /** Not 0, where no data can have been written yet. */
  private static final long OFFSET = 1;

  @Parameters(paramLabel = "RDB", description = "the file, such as dump.rdb")
  private Path file;

  @Option(
      names = "--dir",
      required = true,
      paramLabel = "DIR",
      description = "where to; missing or empty. The server then has it as its 'dir'")
  private Path directory;

  @Option(
      names = "--databases",
      paramLabel = "N",
      description = "number of databases, as the server's directive; 16 unless given")
  private Integer databases;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (databases != null && databases < 1) {
      throw new ToolException("--databases " + databases + ": at least one is needed");
    }
    Progress progress = common.progress();
    History history = History.fresh();
    List<String> notes = new ArrayList<>();
    RdbContents contents;
    try (NewDirectory made = new NewDirectory(directory.toAbsolutePath().normalize(), "--dir");
        OfflineDataset state =
            new OfflineDataset(databases == null ? DEFAULT_DATABASES : databases)) {
      contents = read(state, notes, progress);
      state.target().select(0);
      made.write(state, OFFSET, history, progress);
    } finally {
      progress.end();
    }
    if (common.json()) {
      common.print(
          JsonText.object(
              "directory", directory.toString(),
              "keys", contents.keys(),
              "rdb-version", contents.version(),
              "rdb-bytes", contents.bytes(),
              "written-by", contents.auxiliary().getOrDefault("redis-ver", ""),
              "replication-id", history.currentId(),
              "notes", notes));
    } else {
      print(contents, history, notes);
    }
    return 0;
  }

  private RdbContents read(OfflineDataset state, List<String> notes, Progress progress) {
    try (FileChannel rdb = FileChannel.open(file, StandardOpenOption.READ)) {
      progress.begin("reading", rdb.size());
      return state
          .target()
          .readRdb(
              rdb,
              rdb.size(),
              new RdbListener() {
                @Override
                public void skipped(String what) {
                  notes.add("not imported: " + what);
                }

                @Override
                public void progress(long keys, long bytes) {
                  progress.at(bytes);
                }
              });
    } catch (IOException e) {
      throw ToolException.of("cannot read " + file, e);
    }
  }

  private void print(RdbContents contents, History history, List<String> notes) {
    String writer = contents.auxiliary().get("redis-ver");
    common.line(
        "imported "
            + file
            + " (RDB version "
            + contents.version()
            + (writer == null ? "" : ", written by " + writer)
            + ") into "
            + directory);
    common.line(contents.keys() + " keys from " + Progress.size(contents.bytes()));
    common.line("replication id " + CheckReport.describe(history));
    notes.forEach(note -> common.line("note: " + note));
    common.line("to serve it: bin/chronolith server --dir " + directory);
  }
}
