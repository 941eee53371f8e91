package org.chronolith.replicationlog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/** Names of segment directories, and what is done with them on disk. Stateless. */
final class SegmentFiles {
  private static final String PREFIX = "segment-";
  private static final String CUT_PREFIX = "cut-";

  /** Of what a human had cut: only a human removes it. */
  private static final String REPAIR_PREFIX = "repair-";

  /** Of a directory that is being removed, or was when a crash came. */
  private static final String REMOVED_PREFIX = "removed-";

  private static final int DIGITS = 10;

  private SegmentFiles() {}

  /** A segment's directory. */
  record Entry(long sequence, Path dir) {}

  static String name(long sequence) {
    return PREFIX + String.format("%0" + DIGITS + "d", sequence);
  }

  static Path path(Path logDir, long sequence) {
    return logDir.resolve(name(sequence));
  }

  /**
   * What failed with a file, for a message that names it.
   *
   * @param cause null if there is none
   */
  static FileSystemException failed(Path file, String reason, IOException cause) {
    FileSystemException failed = new FileSystemException(file.toString(), null, reason);
    failed.initCause(cause);
    return failed;
  }

  /** Segments in the order of their sequence. */
  static List<Entry> list(Path logDir) throws IOException {
    List<Entry> entries = new ArrayList<>();
    if (!Files.isDirectory(logDir)) {
      return entries;
    }
    try (DirectoryStream<Path> dirs = Files.newDirectoryStream(logDir, PREFIX + "*")) {
      for (Path dir : dirs) {
        String digits = dir.getFileName().toString().substring(PREFIX.length());
        boolean named =
            digits.length() == DIGITS && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        if (named && Files.isDirectory(dir)) {
          entries.add(new Entry(Long.parseLong(digits), dir));
        }
      }
    }
    entries.sort(Comparator.comparingLong(Entry::sequence));
    return entries;
  }

  /** Where a segment goes that a start takes out of the log. */
  static Path asidePath(Path segmentDir) {
    return segmentDir.resolveSibling(CUT_PREFIX + segmentDir.getFileName());
  }

  /** What earlier starts have set aside. */
  static List<Path> listSetAside(Path logDir) throws IOException {
    return list(logDir, CUT_PREFIX + PREFIX + "*");
  }

  /** Where a segment goes that a repair takes out of the log: a name that is free. */
  static Path repairPath(Path segmentDir) {
    String name = REPAIR_PREFIX + CUT_PREFIX + segmentDir.getFileName();
    Path target = segmentDir.resolveSibling(name);
    for (int i = 2; Files.exists(target); i++) {
      target = segmentDir.resolveSibling(name + "." + i);
    }
    return target;
  }

  /** What repairs have cut. */
  private static List<Path> listRepaired(Path logDir) throws IOException {
    return list(logDir, REPAIR_PREFIX + CUT_PREFIX + PREFIX + "*");
  }

  /**
   * Takes a segment out of the log for good. On disk it goes in one step, and before any newer one
   * does, so that a crash leaves no gap.
   */
  static void remove(Path segmentDir, LogDisk disk) throws IOException {
    Path going = segmentDir.resolveSibling(REMOVED_PREFIX + segmentDir.getFileName());
    disk.move(segmentDir, going);
    disk.forceDir(segmentDir.getParent());
    disk.delete(going);
  }

  /** What {@link #remove} had begun with when a crash came. */
  static List<Path> listRemoved(Path logDir) throws IOException {
    return list(logDir, REMOVED_PREFIX + PREFIX + "*");
  }

  private static List<Path> list(Path logDir, String glob) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> dirs = Files.newDirectoryStream(logDir, glob)) {
      dirs.forEach(found::add);
    }
    return found;
  }

  /** What is in the log's directory and is not the log's. */
  static List<Path> foreign(Path logDir) throws IOException {
    List<Path> found = new ArrayList<>();
    List<Path> own = new ArrayList<>(listSetAside(logDir));
    own.addAll(listRepaired(logDir));
    own.addAll(listRemoved(logDir));
    list(logDir).forEach(entry -> own.add(entry.dir()));
    own.add(logDir.resolve(ForcedEnd.NAME));
    try (Stream<Path> all = Files.list(logDir)) {
      all.filter(path -> !own.contains(path)).sorted().forEach(found::add);
    }
    return found;
  }

  /** Removes a directory with all that is in it. */
  static void delete(Path dir) throws IOException {
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Gives back what an earlier run had reserved in a file behind its end: on a full disk it is what
   * the new run needs to begin. What was cut there stays, to the end of the record that it may be:
   * the next start is to find the same.
   */
  static void giveBackReserved(Path file, long end, int maxRecordBytes) throws IOException {
    long used = end;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long cutTo = LogRecovery.lastByte(channel, end);
      if (cutTo > 0) {
        used = cutTo + maxRecordBytes;
        if (used >= channel.size() - QueueFile.HEADER_BYTES) {
          return;
        }
      }
    }
    SegmentAppender.giveBack(file, used);
  }

  /** Forces a file that nobody has open for forcing. */
  static void forceFile(Path file, LogDisk disk) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      disk.force(channel, file, true);
    }
  }

  /** Makes the entries of a directory durable. */
  static void forceDir(Path dir) throws IOException {
    try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
