package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Tells which of two segments with the same start offset does not belong there, if the earlier one
 * holds bytes of the stream: a start begins a new segment where the log ends, so one is a copy.
 *
 * <p>It is the one that does not reach as far as the log is known to, or else the one with less. Of
 * two with the same bytes it is the one that the forced end does not speak of, or else the later
 * one. It may be either if both are damaged at different places.
 */
final class SegmentTwins {
  private final LogInspector log;

  SegmentTwins(LogInspector log) {
    this.log = log;
  }

  /**
   * @param next where the next segment begins; {@code Long.MAX_VALUE} if there is none
   * @return below 0 for the first one, above 0 for the other one, 0 if nothing tells
   */
  int blame(
      LogInspector.SegmentInfo one,
      LogInspector.End oneEnd,
      LogInspector.SegmentInfo other,
      LogInspector.End otherEnd,
      long next) {
    ForcedEnd.Slot forced = forced(one.dir().getParent());
    long wasForced = forced == null ? 0 : forced.offset();
    long known = next == Long.MAX_VALUE ? wasForced : next;
    long oneReaches = Math.min(next, oneEnd.wholeOffset());
    long otherReaches = Math.min(next, otherEnd.wholeOffset());
    boolean whole = oneReaches >= known;
    if (whole != otherReaches >= known) {
      return whole ? 1 : -1;
    }
    int last = last(forced, one, other);
    if (!sameBytes(one, other, Math.min(oneReaches, otherReaches))) {
      return last;
    }
    if (oneReaches != otherReaches) {
      return whole ? Long.compare(oneReaches, otherReaches) : 0;
    }
    if (!whole && oneEnd.offset() != otherEnd.offset()) {
      return 0;
    }
    return last == 0 ? 1 : last;
  }

  /** Blames the one that was not the newest segment when the log was forced last. */
  private static int last(
      ForcedEnd.Slot forced, LogInspector.SegmentInfo one, LogInspector.SegmentInfo other) {
    if (forced == null) {
      return 0;
    }
    return forced.sequence() == one.sequence() ? 1 : forced.sequence() == other.sequence() ? -1 : 0;
  }

  private static ForcedEnd.Slot forced(Path logDir) {
    try {
      return ForcedEnd.read(logDir);
    } catch (IOException e) {
      throw LogInspector.io(logDir, e);
    }
  }

  private boolean sameBytes(
      LogInspector.SegmentInfo one, LogInspector.SegmentInfo other, long upTo) {
    return checksum(one, upTo) == checksum(other, upTo);
  }

  /** Of the stream's bytes below {@code upTo}. */
  private long checksum(LogInspector.SegmentInfo segment, long upTo) {
    CRC32C checksum = new CRC32C();
    log.walk(
        segment,
        (of, record, position) -> {
          int length = (int) Math.min(record.length(), upTo - record.startOffset());
          if (length > 0) {
            checksum.update(record.buffer().nioBuffer(record.payloadIndex(), length));
          }
          return record.endOffset() < upTo;
        });
    return checksum.getValue();
  }
}
