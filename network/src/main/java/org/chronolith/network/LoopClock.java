package org.chronolith.network;

/** What time it is for a loop and all that runs on it. Thread: any. */
public interface LoopClock {
  /** Milliseconds since 1970, as others see them; may go back. */
  long wallMs();

  /** Nanoseconds since some moment; never goes back. */
  long nanos();

  /** The machine's. */
  LoopClock SYSTEM =
      new LoopClock() {
        @Override
        public long wallMs() {
          return System.currentTimeMillis();
        }

        @Override
        public long nanos() {
          return System.nanoTime();
        }
      };
}
