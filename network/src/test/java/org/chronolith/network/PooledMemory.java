package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Counts the pooled buffers in use. Exact once the loops that used them have ended, since their
 * threads' caches go with them.
 */
final class PooledMemory {
  private final long before = active();

  private static long active() {
    return PooledByteBufAllocator.DEFAULT.metric().directArenas().stream()
        .mapToLong(PoolArenaMetric::numActiveAllocations)
        .sum();
  }

  /** Fails if more buffers are in use than when this object was made. */
  void assertNoneLeaked() {
    assertEquals(before, active(), "pooled buffers in use");
  }
}
