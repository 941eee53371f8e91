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
import org.chronolith.replicationlog.chronicle.QueueFile;

/**
 * Finds what is valid in a directory of segments.
 *
 * <p>The head of the newest segment says up to which offset everything was on disk when it was
 * begun. Only what is newer can be torn, so only that is verified here; older records are verified
 * when they are read. Damage among the newer ones cuts the log there. Damage among the older ones
 * is not what a crash leaves behind: the log then starts behind it, since what is newer is worth
 * more than what is older.
 *
 * <p>A segment is never appended to again. What lies behind the valid prefix stays in its file, but
 * below the start of the next segment it is not, so no reader ever gets there.
 */
final class LogRecovery {
  /** What was found; the segments are all sealed. */
  record Result(Segment[] segments, long nextSequence, History history, RecoveryReport report) {}

  /**
   * The first record of a segment.
   *
   * @param problem null, or why it cannot be used
   * @param neverBegun it was prepared ahead and holds nothing
   */
  private record Head(
      SegmentFiles.Entry entry,
      Path file,
      long startOffset,
      long wallClockMs,
      long durable,
      String problem,
      boolean neverBegun) {
    boolean usable() {
      return problem == null;
    }
  }

  private final LogConfig config;

  /** Whether what cannot be used is taken out of the log, or only told. */
  private final boolean readOnly;

  private final RecordHeader header = new RecordHeader();
  private final List<String> findings = new ArrayList<>();
  private final List<SegmentFiles.Entry> aside = new ArrayList<>();
  private long scannedBytes;
  private long cutBytes;

  // Of the scan, as of the last commit.
  private History history;
  private boolean clean;

  private LogRecovery(LogConfig config, boolean readOnly) {
    this.config = config;
    this.readOnly = readOnly;
  }

  static Result recover(LogConfig config) throws IOException {
    return new LogRecovery(config, false).run();
  }

  /** What {@link #recover} would find; no file is changed. */
  static Result foresee(LogConfig config) throws IOException {
    return new LogRecovery(config, true).run();
  }

  private Result run() throws IOException {
    List<SegmentFiles.Entry> entries = SegmentFiles.list(config.dir());
    if (entries.isEmpty()) {
      throw new LogException(LogException.Kind.DAMAGED, "there is no log in " + config.dir());
    }
    try (RecordCursor cursor = new RecordCursor(config.maxRecordBytes())) {
      List<Head> heads = new ArrayList<>();
      for (SegmentFiles.Entry entry : entries) {
        heads.add(readHead(cursor, entry));
      }
      int scanFrom = withoutUnusable(heads);
      Segment[] segments = scan(cursor, heads, scanFrom);
      setAside();
      Segment last = segments[segments.length - 1];
      RecoveryReport report =
          new RecoveryReport(
              segments[0].startOffset,
              last.endOffset,
              clean,
              segments.length,
              scannedBytes,
              cutBytes,
              findings);
      long nextSequence = entries.get(entries.size() - 1).sequence() + 1;
      return new Result(segments, nextSequence, history.lowerTo(last.endOffset), report);
    }
  }

  private Head readHead(RecordCursor cursor, SegmentFiles.Entry entry) throws IOException {
    Path file = QueueFile.find(entry.dir());
    if (file == null) {
      return unusable(entry, null, entry.dir() + ": the segment has no file", false);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      cursor.reset(channel, 0);
      RecordCursor.Step step = cursor.next(header, channel.size());
      if (step == RecordCursor.Step.DAMAGED) {
        return unusable(entry, file, where(file, cursor.position()) + cursor.problem(), false);
      }
      if (step == RecordCursor.Step.END) {
        boolean empty = cursor.position() > 0 && lastByte(channel, cursor.position()) == 0;
        return unusable(
            entry, file, where(file, cursor.position()) + "there is no first record", empty);
      }
      RecordHeader.Identity identity = header.has(RecordHeader.IDENTITY) ? identity(cursor) : null;
      if (identity == null) {
        return unusable(
            entry,
            file,
            where(file, cursor.position()) + "the first record is not an identity",
            false);
      }
      return new Head(
          entry,
          file,
          header.startOffset,
          header.wallClockMs,
          identity.durableOffset(),
          null,
          false);
    }
  }

  private static Head unusable(
      SegmentFiles.Entry entry, Path file, String problem, boolean neverBegun) {
    return new Head(entry, file, 0, 0, 0, problem, neverBegun);
  }

  /** The identity that the cursor's record carries, or null if it makes no sense. */
  private RecordHeader.Identity identity(RecordCursor cursor) {
    try {
      return RecordHeader.identityOf(
          cursor.window().nioBuffer(cursor.payloadIndex(), header.payloadLength));
    } catch (LogException e) {
      return null;
    }
  }

  /**
   * Leaves in {@code heads} the usable segments that follow each other, and returns the index of
   * the first that must be verified.
   */
  private int withoutUnusable(List<Head> heads) throws IOException {
    int newest = heads.size() - 1;
    while (newest >= 0 && !heads.get(newest).usable()) {
      newest--;
    }
    if (newest < 0) {
      throw new LogException(
          LogException.Kind.DAMAGED,
          "no segment of " + config.dir() + " can be read: " + heads.get(0).problem());
    }
    long durable = heads.get(newest).durable();
    int scanFrom = newest;
    while (scanFrom > 0
        && (!heads.get(scanFrom).usable() || heads.get(scanFrom).startOffset() > durable)) {
      scanFrom--;
    }
    int from = 0;
    for (int i = 0; i < scanFrom; i++) {
      if (!heads.get(i).usable()) {
        from = i + 1;
      }
    }
    int to = scanFrom + 1;
    while (to < heads.size() && heads.get(to).usable()) {
      to++;
    }
    for (int i = 0; i < heads.size(); i++) {
      if (i < from || i >= to) {
        drop(heads.get(i));
      }
    }
    List<Head> kept = List.copyOf(heads.subList(from, to));
    heads.clear();
    heads.addAll(kept);
    return scanFrom - from;
  }

  private void drop(Head head) throws IOException {
    if (head.neverBegun()) {
      if (!readOnly) {
        SegmentFiles.delete(head.entry().dir());
      }
      return;
    }
    if (head.usable()) {
      findings.add(head.file() + ": set aside, since the log is cut before it");
    } else {
      findings.add(head.problem() + "; set aside");
    }
    if (head.file() != null) {
      cutBytes += Files.size(head.file());
    }
    aside.add(head.entry());
  }

  private void setAside() throws IOException {
    if (aside.isEmpty() || readOnly) {
      return;
    }
    SegmentFiles.deleteSetAside(config.dir());
    // Newest first: if this is interrupted, what is left is still without a gap.
    aside.sort(Comparator.comparingLong(SegmentFiles.Entry::sequence).reversed());
    for (SegmentFiles.Entry entry : aside) {
      SegmentFiles.setAside(entry);
    }
    SegmentFiles.forceDir(config.dir());
  }

  private Segment[] scan(RecordCursor cursor, List<Head> heads, int scanFrom) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < heads.size(); i++) {
      Head head = heads.get(i);
      boolean last = i == heads.size() - 1;
      long stopAt = last ? Long.MAX_VALUE : heads.get(i + 1).startOffset();
      boolean scanned = i >= scanFrom;
      Segment segment =
          new Segment(
              head.entry().sequence(),
              head.entry().dir(),
              head.file(),
              head.startOffset(),
              scanned ? new OffsetIndex(config.indexEveryBytes()) : null);
      segments.add(segment);
      if (!scanned) {
        segment.committedPosition = Files.size(head.file());
        segment.newestMs = heads.get(i + 1).wallClockMs();
        segment.seal(stopAt);
        continue;
      }
      scanSegment(cursor, segment, stopAt);
      if (!last && segment.endOffset < stopAt) {
        for (Head behind : heads.subList(i + 1, heads.size())) {
          drop(behind);
        }
        clean = false;
        break;
      }
    }
    return segments.toArray(new Segment[0]);
  }

  /** Verifies {@code segment} up to the last commit at or below {@code stopAt}. */
  private void scanSegment(RecordCursor cursor, Segment segment, long stopAt) throws IOException {
    try (FileChannel channel = FileChannel.open(segment.file, StandardOpenOption.READ)) {
      long size = channel.size();
      cursor.reset(channel, 0);
      long offset = segment.startOffset;
      int nextPart = 0;
      String problem = null;
      while (problem == null) {
        RecordCursor.Step step = cursor.next(header, size);
        if (step == RecordCursor.Step.END) {
          problem = nextPart > 0 ? "a group was not finished" : null;
          break;
        }
        problem =
            step == RecordCursor.Step.DAMAGED ? cursor.problem() : misplaced(offset, nextPart);
        if (problem != null || header.endOffset() > stopAt) {
          break;
        }
        segment.index().add(header.startOffset, cursor.documentPosition());
        offset = header.endOffset();
        nextPart = header.has(RecordHeader.COMMIT) ? 0 : nextPart + 1;
        if (nextPart == 0) {
          committed(cursor, segment, offset);
        }
      }
      scannedBytes += cursor.position();
      segment.seal(segment.endOffset);
      if (segment.endOffset < stopAt) {
        reportTail(channel, cursor.position(), segment, problem);
      }
    }
  }

  private void committed(RecordCursor cursor, Segment segment, long offset) {
    segment.endOffset = offset;
    segment.committedPosition = cursor.position();
    segment.newestMs = header.wallClockMs;
    clean = header.has(RecordHeader.CLEAN);
    if (header.has(RecordHeader.IDENTITY)) {
      history = identity(cursor).history();
    }
  }

  /** Why the record in {@link #header} cannot be the next one, or null. */
  private String misplaced(long offset, int nextPart) {
    if (header.startOffset != offset) {
      return "the record starts at offset " + header.startOffset + " instead of " + offset;
    }
    if (header.part != nextPart || (nextPart > 0 && !header.has(RecordHeader.PART))) {
      return "part " + header.part + " of a group instead of part " + nextPart;
    }
    return null;
  }

  /** What lies behind the last commit: zeros are reserved space, all else is cut. */
  private void reportTail(FileChannel channel, long scannedTo, Segment segment, String problem)
      throws IOException {
    long valid = segment.committedPosition;
    long junk = lastByte(channel, valid);
    if (problem == null && junk > 0) {
      problem = "there is something behind the end";
    }
    if (problem != null) {
      cutBytes += Math.max(0, junk - valid);
      clean = false;
      findings.add(
          where(segment.file, scannedTo)
              + problem
              + "; the log is cut at offset "
              + segment.endOffset
              + " (position "
              + valid
              + ")");
    }
  }

  /**
   * Position behind the last byte at or behind {@code from} that is not zero; 0 if there is none.
   */
  static long lastByte(FileChannel channel, long from) throws IOException {
    ByteBuf buffer = ByteBufAllocator.DEFAULT.directBuffer(RecordCursor.WINDOW_BYTES);
    try {
      for (long end = channel.size(); end > from; ) {
        long start = Math.max(from, end - buffer.capacity());
        int length = (int) (end - start);
        int got = 0;
        while (got < length) {
          int n = buffer.setBytes(got, channel, start + got, length - got);
          if (n <= 0) {
            throw new IOException("the file became shorter while it was read");
          }
          got += n;
        }
        for (int i = length - 1; i >= 0; i--) {
          if (buffer.getByte(i) != 0) {
            return start + i + 1;
          }
        }
        end = start;
      }
      return 0;
    } finally {
      buffer.release();
    }
  }

  private static String where(Path file, long position) {
    return file + " at position " + position + ": ";
  }
}
