package org.chronolith.server.recovery;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Whether a generation that is being built beside the live one is still wanted: whoever asked for
 * it may cancel it, until the builder commits itself to the switch. Any thread.
 */
public final class Cancellation {
  private enum State {
    OPEN,
    CANCELLED,
    COMMITTED
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

  /**
   * Cancels, if that is still possible: the builder ends within some items, or a chunk of the log.
   *
   * @return false if the new generation is the live one on disk, or is about to be
   */
  public boolean cancel() {
    return state.compareAndSet(State.OPEN, State.CANCELLED) || isCancelled();
  }

  public boolean isCancelled() {
    return state.get() == State.CANCELLED;
  }

  /**
   * @throws RecoveryException if it was cancelled
   */
  void check() {
    if (isCancelled()) {
      throw new RecoveryException("it is not wanted any more");
    }
  }

  /**
   * Right before the switch: from here on it cannot be cancelled.
   *
   * @throws RecoveryException if it was cancelled
   */
  void commit() {
    state.compareAndSet(State.OPEN, State.COMMITTED);
    check();
  }
}
