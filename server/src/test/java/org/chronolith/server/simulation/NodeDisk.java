package org.chronolith.server.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.chronolith.engine.snapshot.SnapshotDisk;
import org.chronolith.server.recovery.DirectoryDisk;
import org.chronolith.server.recovery.ForgetfulDirectory;

/**
 * A node's data directory but for the bytes of its logs: small files, generations, snapshots, what
 * a full sync has brought. A power loss takes of what was not forced any pages, names, renames and
 * removals; a killed process loses nothing.
 */
final class NodeDisk {
  private final Path directory;
  private final RandomGenerator random;
  private final Journal journal;
  private ForgetfulDirectory contents;

  NodeDisk(Path directory, RandomGenerator random, Journal journal) {
    this.directory = directory;
    this.random = random;
    this.journal = journal;
    begin();
  }

  private void begin() {
    contents = new ForgetfulDirectory(directory);
    // Not its name, which may have the time in it.
    contents.beforeEach((step, what) -> journal.add("disk", step, what.charAt(0)));
  }

  DirectoryDisk directoryDisk() {
    return contents.directoryDisk();
  }

  SnapshotDisk snapshotDisk() {
    return contents.snapshotDisk();
  }

  /** That a log is there is on disk when it is made; what is in it has its own way to be lost. */
  void forceLog(Path file) throws IOException {
    directoryDisk().force(file);
    directoryDisk().force(file.getParent());
  }

  /** The next process finds what was left. REQUIRES: none runs. */
  void losePower() {
    if (!Files.exists(directory)) {
      return;
    }
    Path left = directory.resolveSibling(directory.getFileName() + "-left");
    try {
      contents.crashInto(left, new Random(random.nextLong()));
      remove(directory);
      Files.move(left, directory);
      begin();
      contents.allIsForced();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void remove(Path tree) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(tree)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
