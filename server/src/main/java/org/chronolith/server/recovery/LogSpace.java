package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.replicationlog.ReplicationLog;

/** Appends to a log that is just being made. Thread: {@code loader}; it waits for the disk. */
final class LogSpace {
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private LogSpace() {}

  /**
   * Appends {@code length} bytes from index {@code start}, when space is reserved for them.
   *
   * @throws RecoveryException if it is not for half a minute
   */
  static void append(ReplicationLog log, ByteBuf bytes, int start, int length, int db) {
    if (length == 0) {
      return;
    }
    long begunNanos = System.nanoTime();
    while (!log.canAppend(length)) {
      if (System.nanoTime() - begunNanos > TIMEOUT_NANOS) {
        throw new RecoveryException("no space is reserved for the log");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    log.append(bytes, start, length, db, System.currentTimeMillis());
  }
}
