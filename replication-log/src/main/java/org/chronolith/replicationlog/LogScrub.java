package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The log-scrub thread: verifies segments that no start has verified, slowly, so that damage in old
 * history is known before somebody needs it. What it finds is marked on the segment, for {@link
 * ReplicationLog#dropDamaged}, and told.
 *
 * <p>The newest segment, which this process has written and still writes, is verified if all are:
 * up to what was committed when its turn came.
 */
final class LogScrub implements Runnable {
  private static final long JOIN_MS = 30_000;
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final LogState state;
  private final LogListener listener;
  private final int maxRecordBytes;
  private final Thread thread = new Thread(this, "log-scrub");

  private volatile boolean closed;
  private volatile long bytesPerSecond;
  private volatile boolean wanted;
  private volatile boolean wantsAll;
  private volatile ScrubStatus status = ScrubStatus.NONE;

  // log-scrub thread.
  private long roundBytes;
  private long pausedAtBytes;

  LogScrub(LogState state, LogListener listener, int maxRecordBytes) {
    this.state = state;
    this.listener = listener;
    this.maxRecordBytes = maxRecordBytes;
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
  }

  void start() {
    thread.start();
  }

  /** Any thread. See {@link ReplicationLog#scrub}. */
  void request(boolean all, long limitBytesPerSecond) {
    bytesPerSecond = limitBytesPerSecond;
    wantsAll |= all;
    wanted = true;
    LockSupport.unpark(thread);
  }

  ScrubStatus status() {
    return status;
  }

  @Override
  public void run() {
    while (!closed) {
      if (!wanted) {
        LockSupport.park(this);
        continue;
      }
      wanted = false;
      boolean all = wantsAll;
      wantsAll = false;
      round(all);
    }
  }

  private void round(boolean all) {
    roundBytes = 0;
    pausedAtBytes = 0;
    int damaged = 0;
    String lastDamage = "";
    status = new ScrubStatus(true, 0, 0, 0, "");
    try (RecordCursor cursor = new RecordCursor(maxRecordBytes)) {
      Segment[] segments = state.segments();
      int count = all ? segments.length : segments.length - 1;
      for (int i = 0; i < count && !closed; i++) {
        Segment segment = segments[i];
        if (segment.verified && !all) {
          continue;
        }
        boolean sealed = segment.sealed;
        String problem;
        try {
          problem = verify(cursor, segment);
        } catch (LogException e) {
          // Too many open files, say: that says nothing of what is in it.
          listener.warning("A segment of the log is not verified: " + e.getMessage(), e);
          continue;
        }
        if (problem != null) {
          segment.markDamaged(problem);
          damaged++;
          lastDamage = problem;
          listener.damaged(problem, state.endOf(segment));
        } else if (!closed && sealed) {
          segment.verified = true;
        }
        status = new ScrubStatus(true, roundBytes, 0, damaged, lastDamage);
      }
    } catch (RuntimeException | Error e) {
      // No memory, say: the round is over, and the next one may do better.
      status = new ScrubStatus(false, roundBytes, System.currentTimeMillis(), damaged, lastDamage);
      listener.warning("A round of verifying the log ended before its time", e);
      return;
    }
    if (!closed) {
      status = new ScrubStatus(false, roundBytes, System.currentTimeMillis(), damaged, lastDamage);
      listener.scrubbed(status);
    }
  }

  /**
   * What is wrong with a segment, or null; null as well if retention took it meanwhile.
   *
   * @throws LogException if it cannot be opened
   */
  private String verify(RecordCursor cursor, Segment segment) {
    RecordHeader header = new RecordHeader();
    FileChannel channel;
    try {
      channel = segment.acquire();
    } catch (LogException e) {
      return switch (e.kind()) {
        case TRIMMED -> null;
        case DAMAGED -> e.getMessage();
        default -> throw e;
      };
    }
    try {
      boolean sealed = segment.sealed;
      long limit = segment.committedPosition;
      // Where space is reserved behind the end of a segment, its offset is what ends it.
      long endOffset = sealed ? segment.endOffset : Long.MAX_VALUE;
      cursor.reset(channel, segment.firstPosition);
      long offset = segment.startOffset;
      while (offset < endOffset && (sealed || cursor.position() < limit) && !closed) {
        RecordCursor.Step step = cursor.next(header, limit);
        String problem =
            switch (step) {
              case DAMAGED -> cursor.problem();
              case END ->
                  sealed
                      ? "the segment ends before offset " + endOffset
                      : "the segment ends before position " + limit;
              case RECORD ->
                  header.startOffset == offset
                      ? null
                      : "the record starts at offset " + header.startOffset;
            };
        if (problem != null) {
          return SegmentHead.where(segment.file, cursor.position())
              + problem
              + " (offset "
              + offset
              + ")";
        }
        offset = header.endOffset();
        roundBytes += cursor.position() - cursor.documentPosition();
        pace();
      }
      return null;
    } catch (IOException e) {
      return segment + " cannot be read: " + LogException.reasonOf(e);
    } finally {
      segment.release();
    }
  }

  /** Rests after each tenth of a second's share. */
  private void pace() {
    long rate = bytesPerSecond;
    long share = Math.max(1, rate / 10);
    if (rate > 0 && roundBytes - pausedAtBytes >= share) {
      long nanos = (long) ((double) (roundBytes - pausedAtBytes) * NANOS_PER_SECOND / rate);
      pausedAtBytes = roundBytes;
      long until = System.nanoTime() + nanos;
      for (long left = nanos; left > 0 && !closed; left = until - System.nanoTime()) {
        LockSupport.parkNanos(this, left);
      }
    }
  }

  void close() {
    closed = true;
    LockSupport.unpark(thread);
    Threads.join(thread, JOIN_MS);
  }
}
