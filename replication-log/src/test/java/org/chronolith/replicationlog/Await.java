package org.chronolith.replicationlog;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition with a deadline. */
final class Await {
  private static final long DEADLINE_NANOS = 20_000_000_000L;

  private Await() {}

  static void until(String what, BooleanSupplier condition) {
    long begun = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begun > DEADLINE_NANOS) {
        throw new AssertionError("still waiting for " + what);
      }
      LockSupport.parkNanos(100_000);
    }
  }
}
