package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a recovery takes out of the log, kept beside it in {@code cut-segment-…} for whoever wants
 * to look: whole segments by a rename, the tail of a segment as a copy ({@link CutTail}). Only the
 * newest cut is kept. Nothing is touched before {@link #apply}.
 */
final class SetAside {
  private final Path logDir;
  private final LogDisk disk;
  private final List<SegmentFiles.Entry> whole = new ArrayList<>();
  private final List<SegmentFiles.Entry> unused = new ArrayList<>();
  private Segment tailOf;
  private long tailTo;
  private long bytes;

  SetAside(Path logDir, LogDisk disk) {
    this.logDir = logDir;
    this.disk = disk;
  }

  /** A whole segment. */
  void add(SegmentFiles.Entry entry, Path file) throws IOException {
    whole.add(entry);
    if (file != null) {
      bytes += Files.size(file);
    }
  }

  /** What is in the file of the log's last segment behind its last commit. */
  void addTail(Segment segment, long junkTo) {
    if (junkTo > segment.committedPosition) {
      tailOf = segment;
      tailTo = junkTo;
      bytes += junkTo - segment.committedPosition;
    }
  }

  /** A segment that holds nothing: it is removed. */
  void deleteUnused(SegmentFiles.Entry entry) {
    unused.add(entry);
  }

  /** File bytes that go. */
  long bytes() {
    return bytes;
  }

  /**
   * Does it. Whenever this is interrupted, what is left in place is without a gap: what is older
   * than the log goes oldest first, what is newer goes newest first.
   *
   * @param firstKept sequence of the log's first segment
   * @return what could not be kept, and why
   */
  Optional<String> apply(long firstKept) throws IOException {
    for (SegmentFiles.Entry entry : unused) {
      disk.delete(entry.dir());
    }
    for (Path going : SegmentFiles.listRemoved(logDir)) {
      disk.delete(going);
    }
    if (whole.isEmpty() && (tailOf == null || isKept())) {
      return Optional.empty();
    }
    for (Path old : SegmentFiles.listSetAside(logDir)) {
      disk.delete(old);
    }
    whole.sort(Comparator.comparingLong(SegmentFiles.Entry::sequence));
    List<SegmentFiles.Entry> ordered = new ArrayList<>();
    for (SegmentFiles.Entry entry : whole) {
      ordered.add(entry.sequence() < firstKept ? ordered.size() : older(ordered, firstKept), entry);
    }
    for (SegmentFiles.Entry entry : ordered) {
      disk.move(entry.dir(), SegmentFiles.asidePath(entry.dir()));
      disk.forceDir(logDir);
    }
    return tailOf == null ? Optional.empty() : keepTail();
  }

  private static int older(List<SegmentFiles.Entry> ordered, long firstKept) {
    int count = 0;
    while (count < ordered.size() && ordered.get(count).sequence() < firstKept) {
      count++;
    }
    return count;
  }

  private Path tailFile() {
    return CutTail.of(tailOf, SegmentFiles.asidePath(tailOf.dir)).file();
  }

  /** Whether an earlier start has found the same tail. */
  private boolean isKept() throws IOException {
    Path file = tailFile();
    return Files.exists(file) && Files.size(file) == tailTo - tailOf.committedPosition;
  }

  /** On a full disk the tail stays where it is, and the log is opened all the same. */
  private Optional<String> keepTail() {
    Path target = tailFile();
    try {
      Files.createDirectories(target.getParent());
      copy(tailOf.file, tailOf.committedPosition, tailTo, target);
      disk.forceDir(target.getParent());
      disk.forceDir(logDir);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          "what was cut of "
              + tailOf.file
              + " cannot be copied beside it: "
              + LogException.reasonOf(e));
    }
  }

  private void copy(Path from, long begin, long end, Path target) throws IOException {
    ByteBuf buffer = ByteBufAllocator.DEFAULT.heapBuffer(RecordCursor.WINDOW_BYTES);
    try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ);
        FileChannel out =
            FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long at = begin;
      while (at < end) {
        buffer.clear();
        int got = buffer.writeBytes(in, at, (int) Math.min(buffer.capacity(), end - at));
        if (got <= 0) {
          throw new IOException(from + " became shorter while it was copied");
        }
        disk.write(out, target, buffer.nioBuffer(), at - begin);
        at += got;
      }
      disk.force(out, target, true);
    } finally {
      buffer.release();
    }
  }
}
