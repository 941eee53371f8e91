package org.chronolith.server.recovery;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.server.work.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies the newest checkpoint in the background, one round at a time. What follows from damage
 * is the store's and {@link SnapshotDuty}'s.
 *
 * <p>Thread: any; a round has the worker {@code snapshot-scrub}.
 */
public final class SnapshotScrub {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotScrub.class);

  private final Workers workers;
  private final Supplier<SnapshotStore> live;
  private final AtomicBoolean running = new AtomicBoolean();
  private volatile boolean closed;

  /**
   * @param live the store whose newest checkpoint counts: a round in another one ends
   */
  public SnapshotScrub(Workers workers, Supplier<SnapshotStore> live) {
    this.workers = workers;
    this.live = live;
  }

  /**
   * Begins a round, unless one is under way. Returns at once.
   *
   * @param bytesPerSecond limit of the reading; 0 for none
   */
  public void request(long bytesPerSecond) {
    if (!closed && running.compareAndSet(false, true)) {
      workers.run("snapshot-scrub", () -> round(live.get(), bytesPerSecond));
    }
  }

  private void round(SnapshotStore store, long bytesPerSecond) {
    try {
      long bytes = store.scrub(bytesPerSecond, () -> isOver(store));
      if (!isOver(store)) {
        LOG.info("Newest snapshot verified: {} bytes", bytes);
      }
    } catch (EngineException e) {
      if (e.severity() == EngineException.Severity.CORRUPTION) {
        LOG.error(
            "Snapshot damaged: {}. It is not used any more; a new one, of all data, is made now,"
                + " and the damaged one is kept aside then",
            e.getMessage());
      } else {
        LOG.warn("The newest snapshot is not verified: {}", e.getMessage());
      }
    } finally {
      running.set(false);
    }
  }

  private boolean isOver(SnapshotStore store) {
    return closed || live.get() != store;
  }

  /** Ends a round that is under way, soon. */
  public void close() {
    closed = true;
  }
}
