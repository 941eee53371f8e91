package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.List;

/**
 * What waits until a full sync, that has come too far to be given up, is adopted or has failed.
 *
 * <p>Thread: engine.
 */
final class AfterReceiving {
  private final List<Runnable> waiting = new ArrayList<>();
  private Runnable promotion;

  void add(Runnable task) {
    waiting.add(task);
  }

  /** The node becomes a master then; null if it shall not after all. */
  void promotion(Runnable task) {
    promotion = task;
  }

  boolean hasPromotion() {
    return promotion != null;
  }

  /** Runs it all, once; the promotion last. */
  void run() {
    List<Runnable> all = new ArrayList<>(waiting);
    waiting.clear();
    if (promotion != null) {
      all.add(promotion);
      promotion = null;
    }
    all.forEach(Runnable::run);
  }
}
