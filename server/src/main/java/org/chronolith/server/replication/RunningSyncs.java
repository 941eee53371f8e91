package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.chronolith.engine.snapshot.Checkpoint;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The full syncs that run, and those that were cut off, for a while: a replica that comes back goes
 * on where it was. The log from their offsets on is kept for them however far behind they are,
 * until the replica has caught up so far that a {@link Claim} covers it; else a sync during which
 * much is written would end where it began. What bounds it is {@code repl-full-sync-log-bytes} and
 * the volume.
 *
 * <p>Thread: engine.
 */
final class RunningSyncs {
  private static final Logger LOG = LoggerFactory.getLogger(RunningSyncs.class);
  private static final long CONNECTED = -1;

  /** By the name under which a replica comes back; by its connection if it has none. */
  private final Map<Object, Sync> syncs = new HashMap<>();

  /** A replica's connection, as far as its full sync goes. */
  interface Replica extends Claims.Holder {
    /** For the log. */
    String name();

    /** Cuts the connection. */
    void close();
  }

  private static final class Sync {
    private final long dataSetOffset;

    /** Null if there is nothing to go on with in the middle, or if the replica has it all. */
    private Checkpoint checkpoint;

    private Replica replica;
    private long neededOffset;

    /** The replica has said that it has the data set. */
    private boolean synced;

    private long cutMs = CONNECTED;

    Sync(Replica replica, long offset, Checkpoint checkpoint) {
      this.replica = replica;
      this.dataSetOffset = offset;
      this.neededOffset = offset;
      this.checkpoint = checkpoint;
    }

    boolean connected() {
      return cutMs == CONNECTED;
    }

    void follow() {
      if (connected() && synced) {
        neededOffset = Math.max(neededOffset, replica.neededOffset());
      }
    }

    void release() {
      if (checkpoint != null) {
        checkpoint.release();
        checkpoint = null;
      }
    }
  }

  private static Object key(Replica replica) {
    return replica.claimId() == null ? replica : replica.claimId();
  }

  private Sync of(Replica replica) {
    Sync sync = syncs.get(key(replica));
    return sync != null && sync.replica == replica ? sync : null;
  }

  private void put(Replica replica, Sync sync) {
    Sync before = syncs.put(key(replica), sync);
    if (before != null) {
      before.release();
    }
  }

  /**
   * A checkpoint is sent; what the same replica got before does not count any more.
   *
   * @param checkpoint retained by the caller, for itself
   */
  void sending(Replica replica, Checkpoint checkpoint) {
    boolean resumable = replica.claimId() != null && checkpoint.retain();
    put(replica, new Sync(replica, checkpoint.offset(), resumable ? checkpoint : null));
  }

  /** An RDB is sent of the state at {@code offset}, which cannot be gone on with in the middle. */
  void sendingRdb(Replica replica, long offset) {
    put(replica, new Sync(replica, offset, null));
  }

  /** The replica has what was sent over this connection. */
  void synced(Replica replica) {
    Sync sync = of(replica);
    if (sync != null) {
      sync.synced = true;
      sync.release();
    }
  }

  /** The replica has come back and goes on from the log. */
  void continued(Replica replica) {
    Sync sync = syncs.get(key(replica));
    if (sync != null) {
      sync.replica = replica;
      sync.cutMs = CONNECTED;
      sync.synced = true;
      // Not where the data set was: it may have gone on with the data of before.
      sync.neededOffset = replica.neededOffset();
      sync.release();
    }
  }

  /** The connection has ended. */
  void closed(Replica replica, long nowMs) {
    Sync sync = of(replica);
    if (sync == null) {
      return;
    }
    sync.follow();
    boolean comesBack = sync.checkpoint != null || sync.synced || replica.hasDataSet();
    if (replica.claimId() != null && comesBack) {
      sync.cutMs = nowMs;
    } else {
      syncs.remove(key(replica));
      sync.release();
    }
  }

  /** Whether the log is kept for the one of this {@link Claim#id()}. */
  boolean isRunning(String claimId) {
    return syncs.containsKey(claimId);
  }

  /** Whether the log is kept for this connection. */
  boolean isRunning(Replica replica) {
    return of(replica) != null;
  }

  /** The one of this {@link Checkpoint#id()}, retained for the caller. */
  Optional<Checkpoint> retain(String id) {
    for (Sync one : syncs.values()) {
      Checkpoint checkpoint = one.checkpoint;
      if (checkpoint != null && checkpoint.id().equals(id) && checkpoint.retain()) {
        return Optional.of(checkpoint);
      }
    }
    return Optional.empty();
  }

  /** The log is needed from here on; {@code Long.MAX_VALUE} if none runs. */
  long neededOffset() {
    long needed = Long.MAX_VALUE;
    for (Sync one : syncs.values()) {
      needed = Math.min(needed, one.neededOffset);
    }
    return needed;
  }

  /**
   * Takes over where the replicas stand. Those that have caught up, and those that were cut off too
   * long ago, are not told of any more.
   *
   * @param mostBehindBytes that a replica may be behind for its claim to cover it; 0 for no limit
   * @param mostCutMs how long one that was cut off is waited for
   */
  void update(long endOffset, long mostBehindBytes, long nowMs, long mostCutMs) {
    for (Iterator<Sync> all = syncs.values().iterator(); all.hasNext(); ) {
      Sync one = all.next();
      one.follow();
      boolean caughtUp =
          one.synced && (mostBehindBytes == 0 || endOffset - one.neededOffset <= mostBehindBytes);
      if (caughtUp || !one.connected() && nowMs - one.cutMs > mostCutMs) {
        all.remove();
        one.release();
      }
    }
  }

  /**
   * Gives up those that need the log below {@code offset}, each with one line.
   *
   * @param why ends that line
   * @return their {@link Claim#id()}
   */
  List<String> endBelow(long offset, long endOffset, String why) {
    List<String> ended = new ArrayList<>();
    for (Iterator<Sync> all = syncs.values().iterator(); all.hasNext(); ) {
      Sync one = all.next();
      if (one.neededOffset >= offset) {
        continue;
      }
      LOG.warn(
          "The full sync of replica {} ({}, data set at offset {}) is given up: it needs the log"
              + " from {} to {}, {}. It will begin anew.",
          one.replica.name(),
          one.connected() ? "connected" : "not connected",
          one.dataSetOffset,
          one.neededOffset,
          endOffset,
          why);
      all.remove();
      one.release();
      if (one.connected()) {
        one.replica.close();
      }
      if (one.replica.claimId() != null) {
        ended.add(one.replica.claimId());
      }
    }
    return ended;
  }

  /**
   * Lets go of one that was cut off.
   *
   * @return whether there was one of this {@link Claim#id()}
   */
  boolean forgetCut(String claimId) {
    Sync sync = syncs.get(claimId);
    if (sync == null || sync.connected()) {
      return false;
    }
    syncs.remove(claimId);
    sync.release();
    return true;
  }

  /** Lets go of all. */
  void clear() {
    syncs.values().forEach(Sync::release);
    syncs.clear();
  }
}
