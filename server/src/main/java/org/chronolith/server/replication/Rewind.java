package org.chronolith.server.replication;

import java.io.IOException;
import java.util.Optional;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.recovery.IncomingFiles;
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
  private static final int MOST_CAUSES = 16;

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

  /**
   * Whether a rewind that failed for {@code cause} may succeed later: what it needs was missing
   * just then, and nothing that it has read is damaged, or leads nowhere.
   */
  static boolean mayPass(Throwable cause) {
    boolean passes = false;
    int depth = 0;
    for (Throwable at = cause; at != null && depth < MOST_CAUSES; at = at.getCause()) {
      depth++;
      if (at instanceof IncomingFiles.DamagedException) {
        return false;
      }
      if (at instanceof EngineException engine) {
        if (engine.severity() == EngineException.Severity.CORRUPTION) {
          return false;
        }
        passes |= engine.severity() != EngineException.Severity.FATAL;
      } else if (at instanceof LogException log) {
        if (log.kind() == LogException.Kind.DAMAGED) {
          return false;
        }
        passes |= log.kind() == LogException.Kind.NO_SPACE || log.kind() == LogException.Kind.IO;
      } else {
        passes |= at instanceof IOException || at instanceof VirtualMachineError;
      }
    }
    return passes;
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
