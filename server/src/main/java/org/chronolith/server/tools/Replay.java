package org.chronolith.server.tools;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;
import org.chronolith.server.recovery.RecoveryTarget;

/** Applies the stream of {@code [from, to)} to a data set, up to the last whole command in it. */
final class Replay implements LogInspector.Visitor {
  private static final int CHUNK_BYTES = 1 << 20;

  private final LogInspector log;
  private final RecoveryTarget target;
  private final long from;
  private final long to;
  private final Progress progress;
  private final ByteBuf bytes = Unpooled.directBuffer(2 * CHUNK_BYTES);
  private long reached;
  private long applied;

  private Replay(LogInspector log, RecoveryTarget target, long from, long to, Progress progress) {
    this.log = log;
    this.target = target;
    this.from = from;
    this.to = to;
    this.progress = progress;
    this.reached = from;
    this.applied = from;
  }

  /**
   * @return the offset that was reached: {@code to}, or the start of the command that it lies in
   */
  static long run(LogInspector log, RecoveryTarget target, long from, long to, Progress progress) {
    Replay replay = new Replay(log, target, from, to, progress);
    progress.begin("applying", to - from);
    try {
      if (to > from) {
        log.walk(replay);
        replay.apply();
        if (replay.reached < to) {
          throw new ToolException(
              "the log could be read up to offset " + replay.reached + " only, while it was used");
        }
      }
      return replay.applied;
    } finally {
      replay.bytes.release();
    }
  }

  @Override
  public boolean segment(LogInspector.SegmentInfo segment) {
    return log.nextStart(segment) > from;
  }

  @Override
  public boolean record(LogInspector.SegmentInfo segment, LogRecord record, long position) {
    if (record.startOffset() >= to) {
      return false;
    }
    if (record.endOffset() <= from || record.length() == 0) {
      return true;
    }
    if (record.startOffset() > reached) {
      throw new ToolException("the log has a gap at offset " + reached);
    }
    int skip = (int) (reached - record.startOffset());
    int length = (int) (Math.min(record.endOffset(), to) - reached);
    bytes.writeBytes(record.buffer(), record.payloadIndex() + skip, length);
    reached += length;
    progress.at(reached - from);
    if (record.isCommit() && bytes.readableBytes() >= CHUNK_BYTES) {
      apply();
    }
    return reached < to;
  }

  private void apply() {
    int before = bytes.readerIndex();
    try {
      target.apply(bytes);
    } catch (RuntimeException e) {
      throw new ToolException(
          "the log cannot be applied after offset " + applied + ": " + e.getMessage(), e);
    }
    applied += bytes.readerIndex() - before;
    bytes.discardReadBytes();
  }

  @Override
  public void removed(LogInspector.SegmentInfo segment) {
    throw new ToolException(
        segment.file() + " was removed by the running server's retention; try again");
  }
}
