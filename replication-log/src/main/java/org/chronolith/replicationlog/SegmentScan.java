package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** Verifies the records of one segment, when the log is opened, and makes it a {@link Segment}. */
final class SegmentScan implements AutoCloseable {
  private static final int STEP_BYTES = 4;

  private final SegmentHead head;
  private final RecordCursor cursor;
  private final LogConfig config;
  private final long stopAt;
  private final FileChannel channel;
  private final RecordHeader header = new RecordHeader();

  // Where it begins; moves when damage is left behind.
  private long firstPosition;
  private long startOffset;
  private OffsetIndex index;

  // As of the last commit.
  private long endOffset;
  private long committedPosition;
  private long newestMs;
  private History history;
  private boolean clean;

  private String problem;
  private long problemPosition;
  private long junkTo;

  /**
   * How a segment ends.
   *
   * @param problem null if nothing is behind the last commit
   * @param junkTo file position behind the last byte that is not zero
   */
  record Tail(String problem, long junkTo) {}

  /**
   * @param stopAt start of the next segment: bytes at or beyond it are not this one's
   */
  SegmentScan(SegmentHead head, RecordCursor cursor, LogConfig config, long stopAt)
      throws IOException {
    this.head = head;
    this.cursor = cursor;
    this.config = config;
    this.stopAt = stopAt;
    firstPosition = head.firstPosition();
    startOffset = head.startOffset();
    endOffset = startOffset;
    committedPosition = firstPosition;
    channel = FileChannel.open(head.file(), StandardOpenOption.READ);
  }

  /** Whether the segment holds bytes of the stream that can be read from its start on. */
  static boolean findsBytes(SegmentHead head, RecordCursor cursor, LogConfig config)
      throws IOException {
    try (SegmentScan scan = new SegmentScan(head, cursor, config, Long.MAX_VALUE)) {
      scan.read(head.startOffset());
      return scan.endOffset > head.startOffset();
    }
  }

  /** Reads up to the last commit that counts. */
  void run() throws IOException {
    read(Long.MAX_VALUE);
    ended();
  }

  /**
   * @param enough no more is read behind a commit that ends beyond this offset
   */
  private void read(long enough) throws IOException {
    long size = channel.size();
    index = new OffsetIndex(config.indexEveryBytes());
    problem = null;
    cursor.reset(channel, firstPosition);
    endOffset = startOffset;
    committedPosition = firstPosition;
    long offset = startOffset;
    int nextPart = 0;
    while (problem == null && endOffset <= enough) {
      RecordCursor.Step step = cursor.next(header, size);
      boolean read = step == RecordCursor.Step.RECORD;
      problemPosition = read ? cursor.documentPosition() : Math.min(cursor.position(), size);
      if (step == RecordCursor.Step.END) {
        problem = nextPart > 0 ? "a group was not finished" : null;
        break;
      }
      problem = step == RecordCursor.Step.DAMAGED ? cursor.problem() : misplaced(offset, nextPart);
      if (problem != null || header.endOffset() > stopAt) {
        break;
      }
      index.add(header.startOffset, cursor.documentPosition());
      offset = header.endOffset();
      nextPart = header.has(RecordHeader.COMMIT) ? 0 : nextPart + 1;
      if (nextPart == 0) {
        committed(offset);
      }
    }
  }

  private void committed(long offset) {
    endOffset = offset;
    committedPosition = cursor.position();
    newestMs = header.wallClockMs;
    clean = header.has(RecordHeader.CLEAN);
    if (header.has(RecordHeader.IDENTITY)) {
      history = SegmentHead.identity(cursor, header).history();
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
    if (header.has(RecordHeader.IDENTITY) && SegmentHead.identity(cursor, header) == null) {
      return "the identity cannot be read";
    }
    return null;
  }

  private void ended() throws IOException {
    if (endOffset >= stopAt) {
      problem = null;
      junkTo = 0;
      return;
    }
    junkTo = LogRecovery.lastByte(channel, committedPosition);
    if (problem == null && junkTo > 0) {
      problem = "there is something behind the end";
    }
    if (problem == null && stopAt != Long.MAX_VALUE) {
      problem =
          "the segment ends at offset " + endOffset + ", and the next one starts at " + stopAt;
    }
    if (problem != null) {
      problem = SegmentHead.where(head.file(), problemPosition) + problem;
    }
  }

  /**
   * Behind what {@link #run} did not understand, looks for a commit's first record that starts at
   * most at {@code atMost}. The next run begins there.
   */
  boolean goOnBehind(long atMost) throws IOException {
    RecordSearch search = new RecordSearch(channel, cursor, header);
    boolean found =
        search.record(
            committedPosition + STEP_BYTES,
            channel.size(),
            candidate ->
                candidate.part == 0
                    && candidate.startOffset >= endOffset
                    && candidate.startOffset <= atMost
                    && candidate.endOffset() <= stopAt);
    if (found) {
      firstPosition = cursor.documentPosition();
      startOffset = header.startOffset;
    }
    return found;
  }

  Segment segment() {
    Segment segment =
        new Segment(
            head.entry().sequence(),
            head.entry().dir(),
            head.file(),
            firstPosition,
            startOffset,
            index);
    segment.committedPosition = committedPosition;
    segment.newestMs = newestMs;
    segment.verified = true;
    segment.seal(endOffset);
    return segment;
  }

  long endOffset() {
    return endOffset;
  }

  /** Null if the segment is whole. */
  String problem() {
    return problem;
  }

  Tail tail() {
    return new Tail(problem, junkTo);
  }

  /** Of the newest identity; null if none was met since {@link #forgetHistory}. */
  History history() {
    return history;
  }

  void forgetHistory() {
    history = null;
  }

  boolean clean() {
    return clean;
  }

  long scannedBytes() {
    return committedPosition;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
