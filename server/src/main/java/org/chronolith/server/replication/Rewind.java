package org.chronolith.server.replication;

import java.util.Optional;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.replicationlog.ReplicationLog;
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

  private final ReplicationHost host;
  private final ReplicationLog log;
  private final Optional<Checkpoint> checkpoint;
  private final long divergence;
  private final long startOffset;
  private final GenerationBuild build;

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
    build = new GenerationBuild(host, listener);
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
    return build.cancellation().cancel();
  }

  @Override
  public long neededOffset() {
    // The new generation's log is to hold as much as this one's does.
    return startOffset;
  }

  private void run() {
    try {
      build.run(
          host.data()::newGeneration,
          (generation, target) ->
              host.recovery()
                  .rewind(generation, target, log, checkpoint, divergence, build.cancellation()));
    } finally {
      checkpoint.ifPresent(Checkpoint::release);
    }
  }
}
