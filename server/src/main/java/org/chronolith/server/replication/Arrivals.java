package org.chronolith.server.replication;

import java.util.Optional;
import java.util.function.Supplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.StreamConnection;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.recovery.IncomingFiles;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.RecoveryTarget;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data sets that come to a replica in place of its own: a full sync, or what a rewind has made;
 * one at a time. Here they begin, are given up, and become the live one; and here is what one that
 * was cut off has left.
 *
 * <p>Thread: engine, unless a method or a class says otherwise.
 */
final class Arrivals {
  private static final Logger LOG = LoggerFactory.getLogger(Arrivals.class);

  /** Rewinds that fail one after the other, with the link's pauses, before everything is sent. */
  private static final int MOST_FAILED_REWINDS = 10;

  private final NetworkLoop engine;
  private final NetworkLoop loop;
  private final ReplicationHost host;
  private final Replicas replicas;
  private final StreamApply apply;
  private final LinkVerification verification;
  private final AskedPosition position;
  private final Supplier<ReplicaLink> link;

  /** A full sync under way, and who waits for its end. */
  private Receiving receiving;

  private final AfterReceiving afterReceiving = new AfterReceiving();

  /** What a full sync that was cut off has left; null if nothing, or if one goes on with it. */
  private IncomingFiles incoming;

  /** Rewinds for this link that have failed, one after the other. */
  private int rewindsFailed;

  /**
   * @param link the link to the master just now; null for a master
   * @param incoming what an earlier process has left of a full sync, or null
   */
  Arrivals(
      NetworkLoop engine,
      NetworkLoop loop,
      ReplicationHost host,
      Replicas replicas,
      StreamApply apply,
      LinkVerification verification,
      AskedPosition position,
      Supplier<ReplicaLink> link,
      IncomingFiles incoming) {
    this.engine = engine;
    this.loop = loop;
    this.host = host;
    this.replicas = replicas;
    this.apply = apply;
    this.verification = verification;
    this.position = position;
    this.link = link;
    this.incoming = incoming;
  }

  /** Whether a full sync, or a rewind, is under way. */
  boolean isReceiving() {
    return receiving != null;
  }

  /** The log is read from here on by what runs; {@code Long.MAX_VALUE} if it is not. */
  long neededOffset() {
    return receiving == null ? Long.MAX_VALUE : receiving.neededOffset();
  }

  /** What waits for the end of what runs. */
  AfterReceiving afterReceiving() {
    return afterReceiving;
  }

  /** What a full sync that was cut off has left; null if nothing, or if one goes on with it. */
  IncomingFiles left() {
    return incoming;
  }

  /** Those that fail from now on are counted anew. */
  void forgetFailedRewinds() {
    rewindsFailed = 0;
  }

  /**
   * Gives up what runs, if anything does.
   *
   * @return false if it has come too far for that
   */
  boolean giveUp() {
    if (receiving == null || receiving.giveUp()) {
      receiving = null;
      return true;
    }
    return false;
  }

  /** Removes what is left of a full sync; elsewhere, since that takes time. */
  void drop(String why) {
    IncomingFiles dropped = incoming;
    incoming = null;
    if (dropped != null) {
      remove(dropped, why);
    }
  }

  private void remove(IncomingFiles dropped, String why) {
    if (dropped.take()) {
      LOG.info(
          "The {} bytes of a full sync that was cut off are removed: {}",
          dropped.position().bytes(),
          why);
      host.workers().run("generation-closer", () -> host.data().remove(dropped.generation()));
    }
  }

  /** Goes back to {@code divergence}, if there is a way; else a full resync is to be asked for. */
  void goBack(ReplicaLink from, ReplicationLog log, long divergence) {
    Optional<Rewind> planned = Optional.empty();
    Arrival arrival = new Arrival(from, null);
    if (divergence >= 0 && divergence < log.endOffset()) {
      planned = Rewind.plan(host, log, divergence, arrival);
    }
    if (planned.isEmpty()) {
      LOG.info(
          divergence < 0
              ? "The master's stream and this node's have no offset in common that the master's log"
                  + " still goes on from"
              : "This node has no complete snapshot at or before offset {}, where its history and"
                  + " its master's diverge",
          divergence);
      position.refused(from);
      return;
    }
    receiving = planned.get();
    arrival.receive = receiving;
    planned.get().start();
  }

  /**
   * Makes what receives a full sync. Thread: the replication loop.
   *
   * @param left what an earlier one has left, of which the master was told; or null
   */
  FullSyncStream.ReceiverFactory receivers(
      ReplicaLink from, String replicationId, long offset, IncomingFiles left) {
    return new Receivers(from, replicationId, offset, left);
  }

  /** Makes what receives, and tells the engine of it. Thread: the replication loop. */
  private final class Receivers implements FullSyncStream.ReceiverFactory {
    private final ReplicaLink from;
    private final Arrival arrival;
    private final String replicationId;
    private final long offset;
    private final IncomingFiles left;

    Receivers(ReplicaLink from, String replicationId, long offset, IncomingFiles left) {
      this.from = from;
      this.arrival = new Arrival(from, from.connection());
      this.replicationId = replicationId;
      this.offset = offset;
      this.left = left;
    }

    @Override
    public FullSyncReceive files(CheckpointHeader header) {
      if (left != null && !left.take()) {
        engine.execute(() -> drop("somebody else has taken it"));
        throw new ProtocolException("what an earlier full sync has left is in use");
      }
      if (header.goesOn() && (left == null || !isAt(left.position(), header))) {
        if (left != null) {
          left.giveBack();
          engine.execute(() -> drop("the master does not go on with it"));
        }
        throw new ProtocolException(
            "the master goes on with a full sync that is not known here: " + header.line());
      }
      if (left != null && !header.goesOn()) {
        LOG.info(
            "MASTER <-> REPLICA sync: the master does not go on with checkpoint {}: the {} bytes of"
                + " it are removed, and all of {} comes",
            left.position().checkpointId(),
            left.position().bytes(),
            header.checkpointId());
      }
      return made(new FullSyncReceive(host, replicationId, header, left, arrival));
    }

    private static boolean isAt(IncomingFiles.Position at, CheckpointHeader header) {
      return at.checkpointId().equals(header.checkpointId())
          && at.files() == header.firstFile()
          && at.fileBytes() == header.offset();
    }

    @Override
    public RdbReceive rdb(long totalBytes) {
      if (left != null) {
        engine.execute(() -> drop("the master sends an RDB"));
      }
      return made(new RdbReceive(host, replicationId, offset, totalBytes, arrival));
    }

    private <T extends Receiving> T made(T receive) {
      arrival.receive = receive;
      engine.execute(() -> begin(from, receive));
      return receive;
    }
  }

  private void begin(ReplicaLink from, Receiving made) {
    if (from == link.get() && receiving == null) {
      incoming = null;
      receiving = made;
    } else {
      if (made instanceof FullSyncReceive files && files.before() == incoming) {
        // It gives back what it has taken, if that is of any use, when it has ended.
        incoming = null;
      }
      made.giveUp();
    }
  }

  /** A full sync was cut off. */
  private void keep(IncomingFiles left) {
    if (link.get() != null && incoming == null) {
      incoming = left;
    } else if (incoming != left) {
      remove(left, "it is not wanted any more");
    }
  }

  /** How a full sync ends. Thread: loader. */
  private final class Arrival implements FullSyncReceive.Listener {
    private final ReplicaLink from;
    private final StreamConnection over;
    private volatile Receiving receive;

    /**
     * @param over what the data set comes over; null if it is this node's own, of a rewind
     */
    Arrival(ReplicaLink from, StreamConnection over) {
      this.from = from;
      this.over = over;
    }

    @Override
    public void written(int bytes) {
      from.flow().taken(bytes);
    }

    @Override
    public void loaded(Recovered recovered, RecoveryTarget target) {
      engine.execute(() -> adopt(recovered, target));
    }

    private void adopt(Recovered recovered, RecoveryTarget target) {
      receiving = null;
      // Files beside the new generation are removed.
      incoming = null;
      replicas.runningSyncs().clear();
      replicas.disconnectAll();
      apply.reset();
      if (over != null && verification.isUntrusted()) {
        replicas.distrustAll();
      }
      host.adopt(recovered, target);
      apply.select(recovered.streamDb());
      if (over == null) {
        rewindsFailed = 0;
        replicas.claims().goBack(recovered.log().startOffset(), recovered.log().endOffset());
        LOG.info("This node is back at offset {}", recovered.log().endOffset());
        afterReceiving.run();
        return;
      }
      position.replaced();
      replicas.claims().clear();
      LOG.info("MASTER <-> REPLICA sync: Finished with success");
      verification.replaced(engine.clock().nanos());
      afterReceiving.run();
      loop.execute(() -> from.goOn(over));
    }

    @Override
    public void failed(Throwable cause) {
      engine.execute(
          () -> {
            if (over == null && from == link.get()) {
              rewindFailed(cause);
            }
            if (receive instanceof FullSyncReceive files && files.kept() != null) {
              keep(files.kept());
            }
            if (receiving == receive) {
              receiving = null;
              afterReceiving.run();
            }
            if (over == null) {
              return;
            }
            boolean rdb = receive instanceof RdbReceive;
            loop.execute(() -> from.notLoaded(over, cause, rdb));
          });
    }

    private void rewindFailed(Throwable cause) {
      rewindsFailed++;
      if (Rewind.mayPass(cause) && rewindsFailed < MOST_FAILED_REWINDS) {
        LOG.warn(
            "{}. That may pass: it is tried again, {} of {} times",
            cause.getMessage(),
            rewindsFailed + 1,
            MOST_FAILED_REWINDS);
        from.comeBack();
      } else {
        LOG.warn("A full resync is needed: {}", cause.getMessage());
        position.refused(from);
      }
    }
  }
}
