package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.recovery.IncomingFiles;

/** What the link asks of the engine side. Called on the replication loop; answers come on it. */
interface LinkOwner {
  /** Where this node stands, once everything handed over before has been applied. */
  void position(ReplicaLink from, PositionAnswer answer);

  /** {@code +CONTINUE}; {@code then} runs when the engine goes on under that id. */
  void continued(ReplicaLink from, String replicationId, Runnable then);

  /** A node that was asked to become the master refuses. */
  void failoverRejected(ReplicaLink from);

  /**
   * The master refuses to go on from the position that it was told, and says where the histories
   * diverge; the next {@link #position} is one that it can go on from, or asks for a full resync.
   */
  void diverged(ReplicaLink from, Divergence master);

  /**
   * What a master that says nothing of the kind when it refuses has said of its history before it
   * is asked to go on: the next {@link #position} is one that it can go on from, wherever this node
   * can go back to one.
   */
  void told(ReplicaLink from, Divergence master);

  /** A full resync begins: sub-replicas will have to resync as well. */
  void fullResync(ReplicaLink from);

  /**
   * Bytes of the stream; takes the buffer over.
   *
   * @param source is told what becomes of them
   */
  void stream(ReplicaLink from, ByteBuf bytes, StreamApply.Source source);

  /**
   * Makes what receives a full sync.
   *
   * @param offset of the stream at which its data is complete
   * @param left what an earlier one has left, of which the master was told; or null
   */
  FullSyncStream receive(String replicationId, long offset, ReplicaLink from, IncomingFiles left);

  /** The master says that this node's log differs from its own. */
  void differs(ReplicaLink from, Mismatch.Told told);

  /**
   * The master's stream can not be read on from the end of this node's log, and could not be
   * before. Engine thread.
   *
   * @return whether this node's data is to be replaced for it
   */
  boolean stuck(ReplicaLink from, String why);

  /** The master says that this node's data must be replaced. */
  void untrusted(ReplicaLink from);

  /** This node's log, once the stream goes on. */
  ReplicationLog log();

  /** End of this node's log, to be acknowledged. Any thread. */
  long endOffset();

  /** Up to which this node's log is on disk. Any thread. */
  long durableOffset();

  /** The port that clients of this node use. */
  int listeningPort();

  /** Under which a Chronolith master knows this node again. */
  String nodeId();

  /** Takes the answer of {@link #position}. */
  interface PositionAnswer {
    /**
     * @param id what to ask for; {@code ?} for a full resync
     * @param nextByte offset of the first byte wanted, plus one
     * @param failover the other node is asked to become the master
     * @param left what a full sync that was cut off has left, or null
     */
    void at(String id, long nextByte, boolean failover, IncomingFiles left);
  }
}
