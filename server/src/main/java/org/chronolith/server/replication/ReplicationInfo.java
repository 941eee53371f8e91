package org.chronolith.server.replication;

import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;
import org.chronolith.network.RespWriter;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.config.HostPort;
import org.chronolith.server.config.ServerConfig;

/** {@code INFO replication} and {@code ROLE}, field by field as Redis 7.0. Thread: engine. */
final class ReplicationInfo {
  private ReplicationInfo() {}

  /** Gives every field of the section, in Redis's order. */
  static void write(Replication replication, BiConsumer<String, Object> out) {
    ReplicationLog log = replication.log();
    if (log == null) {
      whileLoading(replication, out);
      return;
    }
    long nowMs = replication.nowMs();
    ReplicaLink link = replication.link();
    field(out, "role", link == null ? "master" : "slave");
    if (link != null) {
      replica(replication, link, nowMs, out);
    }
    int number = 0;
    List<ReplicaFeed> feeds =
        replication.replicas().feeds().stream()
            .filter(feed -> feed.state() != ReplicaFeed.State.CLOSED)
            .toList();
    field(out, "connected_slaves", feeds.size());
    ServerConfig config = replication.config();
    if (GoodReplicasGate.isEffective(config)) {
      field(out, "min_slaves_good_slaves", GoodReplicasGate.good(replication, config, nowMs));
    }
    for (ReplicaFeed feed : feeds) {
      field(out, "slave" + number++, slave(feed, nowMs));
    }
    field(out, "master_failover_state", replication.failover().state().word());
    History history = log.history();
    field(out, "master_replid", history.currentId());
    field(out, "master_replid2", history.secondId());
    field(out, "master_repl_offset", log.endOffset());
    field(out, "second_repl_offset", history.secondOffset());
    field(out, "repl_backlog_active", 1);
    field(out, "repl_backlog_size", replication.config().replBacklogSizeBytes());
    field(out, "repl_backlog_first_byte_offset", log.startOffset() + 1);
    field(out, "repl_backlog_histlen", log.endOffset() - log.startOffset());
    claims(replication, nowMs, out);
  }

  /** Who this node will be; its history is not known before the log has been read. */
  private static void whileLoading(Replication replication, BiConsumer<String, Object> out) {
    ServerConfig config = replication.config();
    HostPort master = config.replicaOf().orElse(null);
    field(out, "role", master == null ? "master" : "slave");
    if (master != null) {
      field(out, "master_host", master.host());
      field(out, "master_port", master.port());
      field(out, "master_link_status", "down");
      field(out, "master_last_io_seconds_ago", -1);
      field(out, "master_sync_in_progress", 0);
      field(out, "slave_read_repl_offset", 0);
      field(out, "slave_repl_offset", 0);
      field(out, "master_link_down_since_seconds", -1);
      announced(config, out);
    }
    field(out, "connected_slaves", 0);
    field(out, "master_failover_state", replication.failover().state().word());
    field(out, "master_replid", History.NO_ID);
    field(out, "master_replid2", History.NO_ID);
    field(out, "master_repl_offset", 0);
    field(out, "second_repl_offset", -1);
    field(out, "repl_backlog_active", 0);
    field(out, "repl_backlog_size", config.replBacklogSizeBytes());
    field(out, "repl_backlog_first_byte_offset", 0);
    field(out, "repl_backlog_histlen", 0);
  }

  /** What a replica tells of itself. */
  private static void announced(ServerConfig config, BiConsumer<String, Object> out) {
    field(out, "slave_priority", config.replicaPriority());
    field(out, "slave_read_only", config.replicaReadOnly() ? 1 : 0);
    field(out, "replica_announced", config.replicaAnnounced() ? 1 : 0);
  }

  /** Chronolith's own: who needs the log, whether connected or not. */
  private static void claims(Replication replication, long nowMs, BiConsumer<String, Object> out) {
    long end = replication.log().endOffset();
    Collection<Claim> claims = replication.replicas().claims().all();
    field(out, "replica_slots", claims.size());
    int number = 0;
    for (Claim claim : claims) {
      field(
          out,
          "replica_slot" + number++,
          "id="
              + claim.id()
              + ",ip="
              + claim.ip()
              + ",port="
              + claim.port()
              + ",connected="
              + (claim.connected() ? 1 : 0)
              + ",offset="
              + claim.offset()
              + ",bytes_behind="
              + claim.bytesBehind(end)
              + ",seconds_behind="
              + claim.secondsBehind(end, nowMs));
    }
  }

  private static void replica(
      Replication replication, ReplicaLink link, long nowMs, BiConsumer<String, Object> out) {
    ServerConfig config = replication.config();
    boolean up = link.state() == ReplicaLink.State.CONNECTED;
    boolean syncing = link.state() == ReplicaLink.State.SYNC;
    field(out, "master_host", link.master().host());
    field(out, "master_port", link.master().port());
    field(out, "master_link_status", up ? "up" : "down");
    field(out, "master_last_io_seconds_ago", up ? (nowMs - link.lastIoMs()) / 1000 : -1);
    field(out, "master_sync_in_progress", syncing ? 1 : 0);
    field(out, "slave_read_repl_offset", replication.log().endOffset());
    field(out, "slave_repl_offset", replication.log().endOffset());
    if (syncing) {
      SyncProgress progress = link.syncProgress();
      long total = progress == null ? 0 : progress.totalBytes();
      long read = progress == null ? 0 : progress.doneBytes();
      field(out, "master_sync_total_bytes", total);
      field(out, "master_sync_read_bytes", read);
      // A stock Redis that sends an RDB without a disk does not say how much will come.
      field(out, "master_sync_left_bytes", total == 0 ? 0 : total - read);
      field(
          out, "master_sync_perc", String.format("%.2f", total == 0 ? 0.0 : 100.0 * read / total));
      field(out, "master_sync_last_io_seconds_ago", (nowMs - link.lastIoMs()) / 1000);
    }
    if (!up && !link.error().isEmpty()) {
      field(out, "master_link_error", link.error());
    }
    if (!up) {
      field(out, "master_link_down_since_seconds", (nowMs - link.downSinceMs()) / 1000);
    }
    announced(config, out);
  }

  private static String slave(ReplicaFeed feed, long nowMs) {
    boolean online = feed.state() == ReplicaFeed.State.ONLINE;
    return "ip="
        + feed.ip()
        + ",port="
        + feed.port()
        + ",state="
        + feed.state().word()
        + ",offset="
        + feed.ackOffset()
        + ",lag="
        + (online ? (nowMs - feed.ackMs()) / 1000 : 0)
        + syncing(feed.syncProgress());
  }

  /** Chronolith's own, behind Redis's. */
  private static String syncing(SyncProgress progress) {
    return progress == null
        ? ""
        : ",sync_sent_bytes=" + progress.doneBytes() + ",sync_total_bytes=" + progress.totalBytes();
  }

  private static void field(BiConsumer<String, Object> out, String name, Object value) {
    out.accept(name, value);
  }

  /** {@code ROLE}. */
  static void role(Replication replication, RespWriter reply) {
    ReplicaLink link = replication.link();
    // Null while the data is being loaded.
    ReplicationLog log = replication.log();
    long end = log == null ? 0 : log.endOffset();
    if (log == null && replication.config().replicaOf().isPresent()) {
      slaveOf(replication.config().replicaOf().get(), "connect", -1, reply);
      return;
    }
    if (link != null) {
      boolean up = link.state() == ReplicaLink.State.CONNECTED;
      slaveOf(link.master(), link.state().word(), up ? end : -1, reply);
      return;
    }
    // Once: another thread changes what they are.
    List<ReplicaFeed> online =
        replication.replicas().feeds().stream()
            .filter(feed -> feed.state() == ReplicaFeed.State.ONLINE)
            .toList();
    reply.array(3);
    reply.bulk("master");
    reply.integer(end);
    reply.array(online.size());
    for (ReplicaFeed feed : online) {
      reply.array(3);
      reply.bulk(feed.ip());
      reply.bulk((long) feed.port());
      reply.bulk(feed.ackOffset());
    }
  }

  private static void slaveOf(HostPort master, String state, long offset, RespWriter reply) {
    reply.array(5);
    reply.bulk("slave");
    reply.bulk(master.host());
    reply.integer(master.port());
    reply.bulk(state);
    reply.integer(offset);
  }
}
