package org.chronolith.server.testing;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits until something outside of the test has come to be, looked at again and again. */
public final class Await {
  /** Long enough for a machine that does much else. */
  private static final long DEADLINE_S = 120;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private Await() {}

  /**
   * @throws AssertionError if it has not come to be within two minutes
   */
  public static void await(BooleanSupplier condition) {
    await("what the test waits for", condition);
  }

  /**
   * @param what for the error
   * @throws AssertionError if it has not come to be within two minutes
   */
  public static void await(String what, BooleanSupplier condition) {
    await(() -> what, condition);
  }

  /**
   * @param what for the error, asked for when it is needed
   * @throws AssertionError if it has not come to be within two minutes
   */
  public static void await(Supplier<String> what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + DEADLINE_S + " s: " + what.get());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** A replica, of whatever kind, whose link is up and that has all of the stream. */
  public static void awaitCaughtUp(RespClient master, RespClient replica) {
    await("the replica to have what its master has", () -> isCaughtUp(master, replica));
  }

  /** Whether that is so now. */
  public static boolean isCaughtUp(RespClient master, RespClient replica) {
    return "up".equals(replica.info("replication", "master_link_status"))
        && replica
            .info("replication", "master_repl_offset")
            .equals(master.info("replication", "master_repl_offset"));
  }
}
