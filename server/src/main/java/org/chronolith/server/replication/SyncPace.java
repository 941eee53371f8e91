package org.chronolith.server.replication;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Keeps what this node sends of data sets, to all its replicas together, within so many bytes a
 * second. The log that follows a data set is not limited.
 *
 * <p>Thread: the replication loop.
 */
final class SyncPace {
  /** Bytes given to a socket at a time, so that progress can be seen. */
  private static final long MOST_CHUNK_BYTES = 4 << 20;

  private static final long LEAST_CHUNK_BYTES = 1 << 10;

  /** A chunk lasts so long at the rate that is allowed. */
  private static final long CHUNKS_PER_SECOND = 20;

  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier bytesPerSecond;
  private final LongSupplier nanoClock;
  private long freeAtNanos;

  /**
   * @param bytesPerSecond 0 for no limit; may change
   */
  SyncPace(LongSupplier bytesPerSecond, LongSupplier nanoClock) {
    this.bytesPerSecond = bytesPerSecond;
    this.nanoClock = nanoClock;
    freeAtNanos = nanoClock.getAsLong();
  }

  /** How much of {@code leftBytes} to send at once. */
  long chunkBytes(long leftBytes) {
    long rate = bytesPerSecond.getAsLong();
    long most =
        rate == 0
            ? MOST_CHUNK_BYTES
            : Math.max(LEAST_CHUNK_BYTES, Math.min(MOST_CHUNK_BYTES, rate / CHUNKS_PER_SECOND));
    return Math.min(leftBytes, most);
  }

  /** Reserves the time of a chunk: milliseconds until it may be sent. */
  long waitMs(long chunkBytes) {
    long rate = bytesPerSecond.getAsLong();
    if (rate == 0) {
      return 0;
    }
    long now = nanoClock.getAsLong();
    long start = freeAtNanos - now > 0 ? freeAtNanos : now;
    freeAtNanos = start + (long) (chunkBytes * (double) SECOND_NANOS / rate);
    return TimeUnit.NANOSECONDS.toMillis(start - now + TimeUnit.MILLISECONDS.toNanos(1) - 1);
  }
}
