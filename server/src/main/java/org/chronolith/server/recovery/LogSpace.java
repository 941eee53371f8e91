package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogException;
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
    await(() -> log.canAppend(length));
    log.append(bytes, start, length, db, System.currentTimeMillis());
  }

  /**
   * Gives the stream from the log's end on the name {@code history}, when space is reserved for it.
   *
   * @throws RecoveryException if it is not for half a minute
   */
  static void appendIdentity(ReplicationLog log, History history, int db) {
    await(log::canAppendIdentity);
    log.appendIdentity(history, db, System.currentTimeMillis());
  }

  private static void await(BooleanSupplier space) {
    long begunNanos = System.nanoTime();
    while (!space.getAsBoolean()) {
      if (System.nanoTime() - begunNanos > TIMEOUT_NANOS) {
        String why = "no space is reserved for the log";
        throw new RecoveryException(why, new LogException(LogException.Kind.NO_SPACE, why));
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
