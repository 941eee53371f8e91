package org.chronolith.replicationlog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Names of segment directories, and what is done with them on disk. Stateless. */
final class SegmentFiles {
  private static final String PREFIX = "segment-";
  private static final String CUT_PREFIX = "cut-";
  private static final int DIGITS = 10;

  private SegmentFiles() {}

  /** A segment's directory. */
  record Entry(long sequence, Path dir) {}

  static Path path(Path logDir, long sequence) {
    return logDir.resolve(PREFIX + String.format("%0" + DIGITS + "d", sequence));
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
        if (digits.length() == DIGITS && digits.chars().allMatch(Character::isDigit)) {
          entries.add(new Entry(Long.parseLong(digits), dir));
        }
      }
    }
    entries.sort(Comparator.comparingLong(Entry::sequence));
    return entries;
  }

  /**
   * Takes a segment out of the log but keeps its files, so that an operator can look at them. Only
   * those of the newest cut are kept.
   */
  static Path setAside(Entry entry) throws IOException {
    Path target = asidePath(entry.dir());
    if (Files.exists(target)) {
      delete(target);
    }
    return Files.move(entry.dir(), target);
  }

  /** Where a segment goes that is taken out of the log. */
  static Path asidePath(Path segmentDir) {
    return segmentDir.resolveSibling(CUT_PREFIX + segmentDir.getFileName());
  }

  /** Removes what an earlier cut set aside. */
  static void deleteSetAside(Path logDir) throws IOException {
    List<Path> old = new ArrayList<>();
    try (DirectoryStream<Path> dirs = Files.newDirectoryStream(logDir, CUT_PREFIX + "*")) {
      dirs.forEach(old::add);
    }
    for (Path dir : old) {
      delete(dir);
    }
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

  /** Forces a file of an earlier run. */
  static void forceFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Makes the entries of a directory durable. */
  static void forceDir(Path dir) throws IOException {
    try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
