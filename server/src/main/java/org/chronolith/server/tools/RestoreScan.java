package org.chronolith.server.tools;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;

/**
 * Finds where in a log a restore goes to, and what of the log is whole: one walk over all of it.
 *
 * <p>A time means: up to the first commit that was written after it. So nothing written later is in
 * the result, even if the clock was set back in between.
 */
final class RestoreScan implements LogInspector.Visitor {
  private final Point to;
  private final Progress progress;
  private final List<LogInspector.Damage> damage = new ArrayList<>();
  private long doneBytes;
  private long startOffset = -1;
  private long startMs;
  private long endOffset;
  private long endMs;
  private long target = -1;
  private long targetMs;
  private boolean clockWentBack;
  private History historyAtTarget;
  private History historyAtEnd;

  private RestoreScan(Point to, Progress progress) {
    this.to = to;
    this.progress = progress;
  }

  static RestoreScan run(LogInspector log, Point to, Progress progress) {
    RestoreScan scan = new RestoreScan(to, progress);
    progress.begin("log", log.totalBytes());
    log.walk(scan);
    if (scan.startOffset < 0) {
      throw new ToolException("the log has no segment that can be read");
    }
    return scan;
  }

  /** First byte that the log has, and the wall clock where it begins. */
  long startOffset() {
    return startOffset;
  }

  long startMs() {
    return startMs;
  }

  /** Behind the last commit, and the wall clock of the last stream bytes. */
  long endOffset() {
    return endOffset;
  }

  long endMs() {
    return endMs;
  }

  /** The offset that is asked for; it may lie outside of the log, or inside a command. */
  long target() {
    return switch (to.kind()) {
      case OFFSET -> to.value();
      case TIME -> target >= 0 ? target : endOffset;
      default -> endOffset;
    };
  }

  /** Wall clock of the last commit at or below the target. */
  long targetMs() {
    return targetMs;
  }

  /** Whether something behind the target was written at a time that belongs before it. */
  boolean clockWentBack() {
    return clockWentBack;
  }

  /** In force at the target; null if no identity was read by then. */
  History historyAtTarget() {
    return historyAtTarget;
  }

  History historyAtEnd() {
    return historyAtEnd;
  }

  /** The first damage that keeps the stream of {@code [from, upTo)} from being read, or null. */
  LogInspector.Damage between(long from, long upTo) {
    for (LogInspector.Damage one : damage) {
      if (one.isBetween(from, upTo)) {
        return one;
      }
    }
    return null;
  }

  /** Segments that do not belong where they are, and were left out. */
  List<LogInspector.Damage> misplaced() {
    return damage.stream().filter(one -> one.kind() == LogInspector.Damage.Kind.ORDER).toList();
  }

  /** How far the stream can be read from {@code from} on. */
  long readableFrom(long from) {
    LogInspector.Damage first = between(from, endOffset);
    return first == null ? endOffset : Math.max(from, first.offset());
  }

  @Override
  public boolean segment(LogInspector.SegmentInfo segment) {
    if (startOffset < 0) {
      startOffset = segment.startOffset();
      startMs = segment.startMs();
      endOffset = startOffset;
      endMs = startMs;
    }
    return true;
  }

  @Override
  public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
    progress.at(doneBytes + position);
    long ms = record.wallClockMs();
    if (record.isIdentity()) {
      historyAtEnd = record.history();
      // An identity changes no data: where it stands counts, not when it was written.
      if (to.kind() == Point.Kind.TIME ? target < 0 : !isBehind(record.startOffset(), ms)) {
        historyAtTarget = historyAtEnd;
      }
    }
    if (record.length() == 0) {
      return true;
    }
    startMs = Math.min(startMs, ms);
    if (to.kind() == Point.Kind.TIME) {
      if (target < 0 && ms > to.value()) {
        target = record.startOffset();
      } else if (target >= 0 && ms <= to.value()) {
        clockWentBack = true;
      }
    }
    if (record.isCommit()) {
      endMs = ms;
      if (!isBehind(record.endOffset(), ms)) {
        targetMs = ms;
      }
    }
    return true;
  }

  private boolean isBehind(long offset, long ms) {
    return switch (to.kind()) {
      case OFFSET -> offset > to.value();
      case TIME -> target >= 0 || ms > to.value();
      default -> false;
    };
  }

  @Override
  public void damaged(LogInspector.Damage one) {
    damage.add(one);
  }

  @Override
  public void removed(LogInspector.SegmentInfo segment) {
    throw new ToolException(
        segment.file() + " was removed by the running server's retention; try again");
  }

  @Override
  public void segmentEnd(LogInspector.SegmentInfo segment, long end, long endPosition) {
    doneBytes += segment.fileBytes();
    endOffset = end;
  }
}
