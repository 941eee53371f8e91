package org.chronolith.server.replication;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.replicationlog.ReplicationLog;

/** What a simulation sees of a node's replication. */
public final class ReplicationProbe {
  private ReplicationProbe() {}

  /** Full syncs that this node has begun to send, without those that went on. */
  public static long fullSyncs(Replication replication) {
    return replication.counters().syncFull();
  }

  /** Partial resyncs that this node has agreed to. */
  public static long partialSyncs(Replication replication) {
    return replication.counters().syncPartialOk();
  }

  /** The node ids of those that wait for a data set, or are sent one. */
  public static List<String> beingSynced(Replication replication) {
    List<String> ids = new ArrayList<>();
    for (ReplicaFeed feed : replication.replicas().feeds()) {
      if (feed.state() == ReplicaFeed.State.WAIT_BGSAVE
          || feed.state() == ReplicaFeed.State.SEND_BULK) {
        ids.add(feed.claimId());
      }
    }
    return ids;
  }

  /** A claim that goes further back than the log, though no further than so many bytes; or null. */
  public static String brokenClaim(Replication replication, ReplicationLog log, long mostBytes) {
    for (Claim claim : replication.replicas().claims().all()) {
      boolean within = log.endOffset() - claim.offset() <= mostBytes;
      if (within && claim.offset() < log.startOffset()) {
        return "the log starts at " + log.startOffset() + ", behind the claim at " + claim.offset();
      }
    }
    return null;
  }

  /** One line for whoever reads what went wrong. */
  public static String describe(Replication replication) {
    ReplicaLink link = replication.link();
    return link == null
        ? "master, " + replication.replicas().feeds().size() + " connected"
        : "replica of " + link.master().port() + ", " + link.state().word() + " " + link.error();
  }
}
