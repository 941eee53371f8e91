package org.chronolith.server.replication;

import org.chronolith.engine.Printable;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.Call;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers those that want to follow: whether one goes on from the log, goes back to a snapshot of
 * its own, waits, or needs everything; and whether this node takes over from its master. Thread:
 * engine.
 */
final class PsyncRequests {
  private static final Logger LOG = LoggerFactory.getLogger(PsyncRequests.class);

  private final Replicas replicas;
  private final WritePath writePath;
  private final ClientRegistry clients;
  private final ReplicationCounters counters;
  private final Node node;

  /** What the node that is asked is just now. */
  interface Node {
    /** What a replica announces that is this very node. */
    String id();

    boolean isReplica();

    /** Whether a full sync of this node is under way. */
    boolean isReceiving();

    /** Whether the stream of the master has been reached. */
    boolean linkUp();

    boolean isFailingOver();

    /** Whether the log takes nothing more, so that no second history can come to be in it. */
    boolean hasFailed();

    /**
     * Of a master: goes on under a new id from the end of its log, since somebody has its stream up
     * to {@code offset}, which is behind that. Replicas at or before the end continue.
     *
     * @return false if there is no space for it just now; nothing has changed then
     */
    boolean partFrom(long offset);

    /** Becomes a master, as its master wants it to. */
    void takeOver(Client by);
  }

  PsyncRequests(
      Replicas replicas,
      WritePath writePath,
      ClientRegistry clients,
      ReplicationCounters counters,
      Node node) {
    this.replicas = replicas;
    this.writePath = writePath;
    this.clients = clients;
    this.counters = counters;
    this.node = node;
  }

  /**
   * {@code PSYNC id nextByte}.
   *
   * @param id null for {@code SYNC}
   * @param nextByte counts from 1
   */
  void answer(Call call, String id, long nextByte) {
    Client client = call.client();
    if (node.id().equals(Announcement.of(client).nodeId)) {
      // A copy of the directory has an id of its own: who asks is this node, which follows itself.
      // As redis-server says it, whose link is not up as long as it asks.
      call.error("NOMASTERLINK Can't SYNC while not connected with my master");
      return;
    }
    if (call.argc() > 3 && call.is(3, "failover") && !takenOver(call, id)) {
      return;
    }
    if (node.isFailingOver()) {
      call.error("NOMASTERLINK Can't SYNC while failing over");
      return;
    }
    writePath.append();
    Announcement announced = Announcement.of(client);
    ReplicationLog log = writePath.log();
    History history = log.history();
    long start = log.startOffset();
    long end = log.endOffset();
    String address = client.connection().remoteAddress();
    String name = announced.name(address);
    LOG.info("Replica {} asks for synchronization", name);
    String claimId = announced.claimId(address);
    replicas.mismatches().told(claimId, announced.told);
    boolean distrusted = replicas.mismatches().isDistrusted(claimId);
    if (id != null
        && !distrusted
        && announced.wantsKeys
        && history.canContinue(id, nextByte, start, end)) {
      clients.forget(client);
      replicas.continued(client, log, announced, nextByte);
      return;
    }
    boolean ahead = id != null && nextByte > end + 1 && id.equalsIgnoreCase(history.currentId());
    if (node.isReplica() && (ahead || !node.linkUp())) {
      // A replica that is behind its own replicas catches up first; they need not start over.
      call.error("NOMASTERLINK Can't SYNC while not connected with my master");
      return;
    }
    History asked = history;
    if (ahead && !node.hasFailed()) {
      // This node has been there before. Once it has written as much again, the same replica, or
      // another one that has these bytes and has not come yet, would continue with other bytes.
      if (!node.partFrom(nextByte - 1)) {
        call.error("NOMASTERLINK Can't SYNC while there is no space for a new replication id");
        return;
      }
      history = log.history();
    }
    if (id != null && !id.equals("?")) {
      counters.partialErr();
      if (distrusted) {
        LOG.info(
            "Partial resynchronization not accepted: the replica has followed this node while its"
                + " data was not its master's");
      } else {
        explainRefusal(name, id, nextByte, asked);
        if (ahead) {
          LOG.warn(
              "Warning: replica {} tried to PSYNC with an offset that is greater than the master"
                  + " replication offset.",
              name);
        }
      }
      if (announced.capaRewind && !distrusted) {
        call.error(new Divergence(start, history, end).error());
        return;
      }
    }
    clients.forget(client);
    replicas.full(client, log, announced, id == null);
  }

  /** {@code PSYNC … FAILOVER}: the master wants this replica to take over. */
  private boolean takenOver(Call call, String id) {
    LOG.warn("Failover request received for replid {}.", Printable.of(id));
    History history = writePath.log().history();
    if (!node.isReplica()
        && !history.lineage().isEmpty()
        && id.equalsIgnoreCase(history.secondId())) {
      // It has taken over already. The answer was lost, or somebody else has promoted it: a refusal
      // would have the other node take its role back, and there would be two masters.
      return true;
    }
    if (!node.isReplica()) {
      call.error("ERR PSYNC FAILOVER can't be sent to a master.");
      return false;
    }
    if (!id.equalsIgnoreCase(history.currentId())) {
      call.error("ERR PSYNC FAILOVER replid must match my replid.");
      return false;
    }
    if (node.isReceiving()) {
      // A promotion might have to wait for its end, and the other node would not know of it.
      call.error("NOMASTERLINK A full sync is under way");
      return false;
    }
    node.takeOver(call.client());
    return true;
  }

  private static void explainRefusal(String name, String id, long nextByte, History history) {
    long validTo = history.validTo(id);
    if (validTo < 0) {
      LOG.info(
          "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for"
              + " '{}', my replication IDs are '{}' and '{}')",
          Printable.of(id),
          history.currentId(),
          history.secondId());
    } else if (nextByte - 1 > validTo) {
      LOG.info(
          "Partial resynchronization not accepted: Requested offset for second ID was {}, but I"
              + " can reply up to {}",
          nextByte,
          validTo + 1);
    } else {
      LOG.info(
          "Unable to partial resync with replica {} for lack of backlog (Replica request was: {}).",
          name,
          nextByte);
    }
  }
}
