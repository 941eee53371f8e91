package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SyncPaceTest {
  private final AtomicLong rate = new AtomicLong();
  private final AtomicLong nowNanos = new AtomicLong(-5);
  private final SyncPace pace = new SyncPace(rate::get, nowNanos::get);

  @Test
  void shouldNotWaitWithoutALimit() {
    assertEquals(4 << 20, pace.chunkBytes(1L << 40));
    assertEquals(7, pace.chunkBytes(7));
    for (int i = 0; i < 100; i++) {
      assertEquals(0, pace.waitMs(4 << 20));
    }
  }

  @Test
  void shouldKeepTheRateOverManySends() {
    rate.set(1_000_000);
    long sent = 0;
    long endNanos = TimeUnit.SECONDS.toNanos(10);
    while (nowNanos.get() < endNanos) {
      long chunk = pace.chunkBytes(1L << 40);
      assertEquals(50_000, chunk);
      nowNanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(pace.waitMs(chunk)));
      sent += chunk;
    }
    assertTrue(sent > 9_800_000 && sent < 10_200_000, sent + " bytes in ten seconds");
  }

  @Test
  void shouldShareTheRateAndNotSaveItUp() {
    rate.set(1_000_000);
    nowNanos.addAndGet(TimeUnit.HOURS.toNanos(1));
    assertEquals(0, pace.waitMs(50_000));
    assertEquals(50, pace.waitMs(50_000));
    assertEquals(100, pace.waitMs(50_000));
    rate.set(0);
    assertEquals(0, pace.waitMs(50_000));
  }

  @Test
  void shouldSendAtTheLowestRateToo() {
    rate.set(1);
    assertEquals(1 << 10, pace.chunkBytes(1 << 20));
  }
}
