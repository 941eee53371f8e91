package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * Shows the records of one segment after the other to a visitor, with the rules that a start has
 * too: offsets without a gap, parts in order, nothing at or beyond the next segment's start. Where
 * the framing is whole it goes on behind a damaged record.
 */
final class SegmentWalk implements AutoCloseable {
  private static final String UNFINISHED_GROUP = "a group was not finished";

  private final LogInspector.Visitor visitor;
  private final RecordCursor cursor;
  private final LogRecord record = new LogRecord();

  // Of the segment.
  private LogInspector.SegmentInfo segment;
  private long stopAt;
  private long offset;
  private int nextPart;
  private long committedOffset;
  private long committedPosition;
  private boolean growing;

  /** Position of the last record that was read once more. */
  private long readAgainAt;

  /** Whether the visitor wants more. */
  private boolean wanted = true;

  SegmentWalk(LogInspector.Visitor visitor, int maxRecordBytes) {
    this.visitor = visitor;
    this.cursor = new RecordCursor(maxRecordBytes);
  }

  /** Offset behind the last commit so far; 0 before the first. */
  long reachedOffset() {
    return committedOffset;
  }

  /**
   * @param endOffset offset where the next segment starts; {@code Long.MAX_VALUE} for the last one
   * @param isGrowing whether the end may be unfinished
   * @return whether the visitor wants more
   */
  boolean run(LogInspector.SegmentInfo of, long endOffset, boolean isGrowing) throws IOException {
    try (FileChannel channel = FileChannel.open(of.file(), StandardOpenOption.READ)) {
      segment = of;
      stopAt = endOffset;
      growing = isGrowing;
      offset = of.startOffset();
      committedOffset = offset;
      committedPosition = 0;
      nextPart = 0;
      readAgainAt = -1;
      cursor.reset(channel, of.firstPosition());
      records(channel);
      dropGroup();
      visitor.segmentEnd(of, committedOffset, committedPosition);
      return wanted;
    }
  }

  private void records(FileChannel channel) throws IOException {
    long size = channel.size();
    boolean more = true;
    while (more && wanted) {
      RecordCursor.Step step = cursor.next(record.header(), size);
      if (step == RecordCursor.Step.DAMAGED && growing && readAgainAt != cursor.position()) {
        // It may have been written while it was read.
        readAgainAt = cursor.position();
        cursor.forget();
        continue;
      }
      more = step(step, channel, size);
    }
  }

  /** Returns whether there is more to read in the segment. */
  private boolean step(RecordCursor.Step step, FileChannel channel, long size) throws IOException {
    if (step == RecordCursor.Step.END) {
      if (!growing) {
        checkEnd(channel);
      }
      return false;
    }
    if (step == RecordCursor.Step.RECORD && record.endOffset() > stopAt) {
      if (committedOffset < stopAt) {
        damaged(cursor.documentPosition(), -1, "a record reaches into the segment behind");
      }
      return false;
    }
    if (step == RecordCursor.Step.DAMAGED
        && (offset >= stopAt || growing && cursor.isUnfinished())) {
      return false;
    }
    String problem = step == RecordCursor.Step.DAMAGED ? cursor.problem() : misplaced();
    if (problem == null) {
      show();
      return true;
    }
    return goOnBehind(step, problem, size);
  }

  /** Shows the record that is there and in its place. */
  private void show() {
    record.payload(cursor.window(), cursor.payloadIndex());
    offset = record.endOffset();
    nextPart = record.isCommit() ? 0 : nextPart + 1;
    if (record.isCommit()) {
      committedOffset = offset;
      committedPosition = cursor.position();
    }
    wanted = visitor.record(segment, record, cursor.documentPosition());
  }

  private String misplaced() {
    RecordHeader header = record.header();
    if (header.startOffset != offset) {
      return "the record starts at offset " + header.startOffset + " instead of " + offset;
    }
    if (header.part != nextPart || nextPart > 0 && !header.has(RecordHeader.PART)) {
      return "part " + header.part + " of a group instead of part " + nextPart;
    }
    if (header.has(RecordHeader.IDENTITY)) {
      try {
        record.payload(cursor.window(), cursor.payloadIndex());
        record.history();
      } catch (LogException e) {
        return "the identity cannot be read: " + e.getMessage();
      }
    }
    return null;
  }

  /** Looks for the next record that can be one behind damage; tells what is lost between. */
  private boolean goOnBehind(RecordCursor.Step first, String problem, long size)
      throws IOException {
    long at = first == RecordCursor.Step.DAMAGED ? cursor.position() : cursor.documentPosition();
    dropGroup();
    RecordCursor.Step step = first;
    while (true) {
      if (step == RecordCursor.Step.END
          || step == RecordCursor.Step.DAMAGED && !cursor.skipDamaged()) {
        damaged(at, -1, problem);
        return false;
      }
      if (step == RecordCursor.Step.RECORD && isBegin(record.header())) {
        damaged(at, record.startOffset(), problem);
        offset = record.startOffset();
        if (misplaced() == null) {
          show();
          return true;
        }
      }
      step = cursor.next(record.header(), size);
    }
  }

  /** Whether the stream can go on with this record, at or behind what was lost. */
  private boolean isBegin(RecordHeader header) {
    return header.startOffset >= committedOffset
        && header.endOffset() <= stopAt
        && header.part == 0;
  }

  private void checkEnd(FileChannel channel) throws IOException {
    if (committedOffset >= stopAt) {
      return;
    }
    if (nextPart > 0) {
      damaged(cursor.position(), -1, UNFINISHED_GROUP);
    } else if (LogRecovery.lastByte(channel, cursor.position()) > 0) {
      damaged(cursor.position(), -1, "there is something behind the end");
    } else if (stopAt != Long.MAX_VALUE) {
      damaged(
          cursor.position(),
          -1,
          "the segment ends at offset " + committedOffset + ", its successor starts at " + stopAt);
    }
  }

  private void damaged(long position, long goesOnAt, String problem) {
    long nextOffset = goesOnAt < 0 && stopAt != Long.MAX_VALUE ? stopAt : goesOnAt;
    visitor.damaged(
        new LogInspector.Damage(
            segment.file(), position, committedOffset, nextOffset, problem, committedPosition));
  }

  private void dropGroup() {
    if (nextPart > 0) {
      nextPart = 0;
      offset = committedOffset;
      visitor.groupLost(segment);
    }
  }

  @Override
  public void close() {
    cursor.close();
  }
}
