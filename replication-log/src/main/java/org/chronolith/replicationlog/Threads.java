package org.chronolith.replicationlog;

import java.util.concurrent.TimeUnit;

/** How this module's threads end. */
final class Threads {
  private Threads() {}

  /** Waits for the end of a thread that has been told to end; interrupts stay pending. */
  static void join(Thread thread, long timeoutMs) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    long leftMs = timeoutMs;
    while (thread.isAlive() && leftMs > 0) {
      try {
        thread.join(leftMs);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new LogException(
          LogException.Kind.IO,
          "thread " + thread.getName() + " did not end in " + timeoutMs + " ms");
    }
  }
}
