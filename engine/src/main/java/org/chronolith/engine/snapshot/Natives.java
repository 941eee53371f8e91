package org.chronolith.engine.snapshot;

import java.util.ArrayDeque;
import org.rocksdb.AbstractNativeReference;

/**
 * What must be given back, in the reverse order of its making: each whatever becomes of the others.
 * So whoever makes several native objects loses none if one cannot be made.
 *
 * <p>Thread: one at a time.
 */
final class Natives implements AutoCloseable {
  private final ArrayDeque<Runnable> newestFirst = new ArrayDeque<>();

  <T extends AbstractNativeReference> T own(T made) {
    newestFirst.push(made::close);
    return made;
  }

  /** {@code giveBack} runs when its turn comes. */
  void onClose(Runnable giveBack) {
    newestFirst.push(giveBack);
  }

  /** Gives everything back; once. */
  @Override
  public void close() {
    while (!newestFirst.isEmpty()) {
      Runnable next = newestFirst.pop();
      try {
        next.run();
      } catch (RuntimeException | Error e) {
        closeAfter(e);
        throw e;
      }
    }
  }

  /**
   * Gives everything back after a failure, which {@link Throwable#addSuppressed} gets any other.
   */
  void closeAfter(Throwable failure) {
    try {
      close();
    } catch (RuntimeException | Error e) {
      failure.addSuppressed(e);
    }
  }
}
