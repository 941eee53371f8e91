package org.chronolith.server.replication;

import java.util.function.Supplier;
import org.chronolith.server.recovery.Cancellation;
import org.chronolith.server.recovery.FullSyncTarget;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.SwitchedException;

/**
 * What every way to a new generation beside the live one has in common: a data set is filled, and
 * is either handed over or discarded; however it ends, the listener is told, once.
 *
 * <p>Thread: {@link #run} on a {@code loader}; {@link #cancellation} is for any.
 */
final class GenerationBuild {
  /** Fills the data set, and switches to the generation, or removes it when it fails. */
  interface Work {
    Recovered into(Generation generation, FullSyncTarget target);
  }

  private final ReplicationHost host;
  private final FullSyncReceive.Listener listener;
  private final Cancellation cancellation = new Cancellation();

  GenerationBuild(ReplicationHost host, FullSyncReceive.Listener listener) {
    this.host = host;
    this.listener = listener;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  /**
   * @param generations gives the one to fill, or fails
   */
  void run(Supplier<Generation> generations, Work work) {
    Generation generation = null;
    FullSyncTarget target = null;
    Recovered recovered;
    try {
      generation = generations.get();
      target = host.newTarget();
      recovered = work.into(generation, target);
    } catch (SwitchedException e) {
      host.fatal("the switch to a new generation failed half-way", e);
      return;
    } catch (RuntimeException | Error e) {
      failed(generation, target, e);
      return;
    }
    listener.loaded(recovered, target);
  }

  private void failed(Generation generation, FullSyncTarget target, Throwable cause) {
    cancellation.cancel();
    try {
      if (target != null) {
        host.discard(target);
      } else if (generation != null) {
        host.data().remove(generation);
      }
    } finally {
      // Whatever happens to the files and the memory: somebody waits for the end.
      listener.failed(cause);
    }
  }
}
