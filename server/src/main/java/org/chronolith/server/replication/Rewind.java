package org.chronolith.server.replication;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.recovery.FullSyncTarget;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.SwitchedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes back to where this node's history left its master's, beside the live generation: an own
 * checkpoint and the own log up to that offset. Nothing is received.
 *
 * <p>Thread: a {@code loader} of its own; {@link #start} and {@link #giveUp} are for the engine and
 * wait for nothing.
 */
final class Rewind implements Receiving {
  private static final Logger LOG = LoggerFactory.getLogger(Rewind.class);

  private enum Phase {
    BUILDING,
    SWITCHING,
    GIVEN_UP
  }

  private final ReplicationHost host;
  private final ReplicationLog log;
  private final Optional<Checkpoint> checkpoint;
  private final long divergence;
  private final long startOffset;
  private final FullSyncReceive.Listener listener;
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.BUILDING);

  private Rewind(
      ReplicationHost host,
      ReplicationLog log,
      Optional<Checkpoint> checkpoint,
      long divergence,
      FullSyncReceive.Listener listener) {
    this.host = host;
    this.log = log;
    startOffset = log.startOffset();
    this.checkpoint = checkpoint;
    this.divergence = divergence;
    this.listener = listener;
  }

  /**
   * Prepares it if there is a state to start from: the newest checkpoint that is not beyond the
   * divergence, or the empty one, if the log still has its first byte. Thread: engine.
   */
  static Optional<Rewind> plan(
      ReplicationHost host,
      ReplicationLog log,
      long divergence,
      FullSyncReceive.Listener listener) {
    Optional<Checkpoint> base = host.snapshots().retainAtOrBefore(divergence);
    if (base.isPresent()) {
      if (base.get().offset() >= log.startOffset()) {
        return Optional.of(new Rewind(host, log, base, divergence, listener));
      }
      base.get().release();
    }
    return log.startOffset() == 0
        ? Optional.of(new Rewind(host, log, Optional.empty(), divergence, listener))
        : Optional.empty();
  }

  void start() {
    LOG.info(
        "Going back from offset {} to {}, where this node's history and its master's diverge, from"
            + " the state at {}",
        log.endOffset(),
        divergence,
        checkpoint.map(Checkpoint::offset).orElse(0L));
    host.workers().run("loader", this::run);
  }

  @Override
  public boolean giveUp() {
    return phase.compareAndSet(Phase.BUILDING, Phase.GIVEN_UP) || phase.get() == Phase.GIVEN_UP;
  }

  @Override
  public long neededOffset() {
    // The new generation's log is to hold as much as this one's does.
    return startOffset;
  }

  private void run() {
    FullSyncTarget target = null;
    try {
      Generation generation = host.data().newGeneration();
      target = host.newTarget();
      Recovered recovered =
          host.recovery()
              .rewind(
                  generation,
                  target,
                  log,
                  checkpoint,
                  divergence,
                  () -> phase.compareAndSet(Phase.BUILDING, Phase.SWITCHING));
      listener.loaded(recovered, target);
    } catch (SwitchedException e) {
      host.fatal("the switch to a new generation failed half-way", e);
    } catch (RuntimeException | Error e) {
      phase.set(Phase.GIVEN_UP);
      if (target != null) {
        host.discard(target);
      }
      listener.failed(e);
    } finally {
      checkpoint.ifPresent(Checkpoint::release);
    }
  }
}
