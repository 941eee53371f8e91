package org.chronolith.server.replication;

import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From where a replica asks its master to go on: the end of its log, under a name that the master
 * is likely to know it by; or nowhere, where it is known that a partial resync would lead to
 * nothing.
 *
 * <p>Thread: engine.
 */
final class AskedPosition {
  private static final Logger LOG = LoggerFactory.getLogger(AskedPosition.class);

  private final WritePath writePath;
  private final ReplicationHost host;
  private final Failover failover;
  private final LinkVerification verification;

  /** The id that the master was asked under last. */
  private String askedUnder = "";

  /** The id under which the master says to know this node's end; null if it has not said. */
  private String knownName;

  /** The master of this link was asked in vain to go on from the end of the log. */
  private ReplicaLink refusedBy;

  /**
   * Where the stream of an earlier link had a command that this server lacks; null if none had. A
   * partial resync from there meets it again, so that whoever says {@code REPLICAOF} once more
   * means everything anew.
   */
  private Halt halt;

  private record Halt(String replicationId, long offset) {}

  /**
   * @param id {@code ?} for a full resync
   * @param nextByte offset of the first byte wanted, plus one
   * @param failover the other node is asked to become the master
   */
  record Asked(String id, long nextByte, boolean failover) {
    private static final Asked FULL_RESYNC = new Asked("?", -1, false);
  }

  AskedPosition(
      WritePath writePath, ReplicationHost host, Failover failover, LinkVerification verification) {
    this.writePath = writePath;
    this.host = host;
    this.failover = failover;
    this.verification = verification;
  }

  /**
   * Where this node's data stands: {@code (id, end + 1)}. If the current id was taken here, and
   * nothing was written under it, an older one names the same state, and is known to more nodes.
   */
  Asked of(ReplicaLink link) {
    ReplicationLog log = writePath.log();
    History history = log.history();
    long end = log.endOffset();
    String known = knownName;
    knownName = null;
    boolean untouched =
        end == 0 && history.lineage().isEmpty() && host.snapshots().newest().isEmpty();
    if (untouched || refusedBy == link || verification.isUntrusted()) {
      // Nothing was ever written or received here, or nothing that leads on. A full sync of an
      // empty master leaves a checkpoint at 0, under the master's id.
      return Asked.FULL_RESYNC;
    }
    if (failover.isHandedOver()) {
      // Only its own id tells the other one that it is meant.
      return new Asked(history.currentId(), end + 1, true);
    }
    if (isAtHalt(history, end)) {
      LOG.info(
          "Replication stopped at offset {} before: a full resync is asked for, since a partial one"
              + " would meet the same command again",
          end);
      return Asked.FULL_RESYNC;
    }
    String id = history.currentId();
    for (History.Ancestor ancestor : history.lineage()) {
      if (ancestor.validTo() == end) {
        id = ancestor.id();
      }
    }
    askedUnder = known == null ? id : known;
    return new Asked(askedUnder, end + 1, false);
  }

  /** Whether nothing was written or received here since it halted. */
  private boolean isAtHalt(History history, long end) {
    return halt != null && halt.offset() == end && history.validTo(halt.replicationId()) >= end;
  }

  /** Whether the master was asked under that name the last time. */
  boolean isAskedUnder(String name) {
    return name.equals(askedUnder);
  }

  /** Another master is to be asked. */
  void anew() {
    knownName = null;
    askedUnder = "";
  }

  /** The master says to know this node's end by that name. */
  void known(String name) {
    knownName = name;
  }

  /** To ask the master of that link to go on is in vain. */
  void refused(ReplicaLink by) {
    refusedBy = by;
  }

  /** The stream has a command here, at the end of the log, that this server lacks. */
  void halted() {
    ReplicationLog log = writePath.log();
    halt = new Halt(log.history().currentId(), log.endOffset());
  }

  /** The master goes on. */
  void continued() {
    refusedBy = null;
    halt = null;
  }

  /** The master sends everything. */
  void fullResync() {
    refusedBy = null;
  }

  /** All data was replaced by the master's. */
  void replaced() {
    halt = null;
  }
}
