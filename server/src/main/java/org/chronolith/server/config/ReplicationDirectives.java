package org.chronolith.server.config;

import java.util.List;
import java.util.Optional;

/** Directives about masters and replicas. */
public final class ReplicationDirectives {

  private static final long MIB = 1L << 20;

  /** Of {@link #REPL_VERIFY_MISMATCH}. */
  static final String RESYNC = "resync";

  public static final Directive<Optional<HostPort>> REPLICAOF =
      new Directive<>("replicaof", new ManyWordTypes.Master(), Optional.<HostPort>empty())
          .alias("slaveof")
          .immutable()
          .doc("Be a replica of this master. `REPLICAOF` changes it while the server runs.");

  public static final Directive<String> MASTERAUTH =
      new Directive<>("masterauth", ValueTypes.text(), "").secret().doc("Password for the master.");

  public static final Directive<String> MASTERUSER =
      new Directive<>("masteruser", ValueTypes.text(), "").doc("User name for the master.");

  public static final Directive<Boolean> REPLICA_READ_ONLY =
      new Directive<>("replica-read-only", ValueTypes.yesNo(), true)
          .alias("slave-read-only")
          .refuseIf(
              yes ->
                  yes
                      ? null
                      : "a replica's log is its master's, byte for byte: it takes no other writes")
          .doc("Only `yes`: a replica's log is its master's, byte for byte.");

  public static final Directive<Boolean> REPLICA_SERVE_STALE_DATA =
      new Directive<>("replica-serve-stale-data", ValueTypes.yesNo(), true)
          .alias("slave-serve-stale-data")
          .doc("Whether a replica answers reads while its link to the master is down.");

  public static final Directive<Integer> REPLICA_PRIORITY =
      new Directive<>("replica-priority", ValueTypes.integer(0, Integer.MAX_VALUE), 100)
          .alias("slave-priority")
          .doc("Sentinel promotes the lowest first, and never 0.");

  public static final Directive<Boolean> REPLICA_ANNOUNCED =
      new Directive<>("replica-announced", ValueTypes.yesNo(), true)
          .doc("Whether Sentinel lists this replica; one that it does not list is never promoted.");

  public static final Directive<String> REPLICA_ANNOUNCE_IP =
      new Directive<>("replica-announce-ip", ValueTypes.text(), "")
          .alias("slave-announce-ip")
          .doc("Address that a replica tells its master; empty for the connection's own.");

  public static final Directive<Integer> REPLICA_ANNOUNCE_PORT =
      new Directive<>("replica-announce-port", ValueTypes.integer(0, 65535), 0)
          .alias("slave-announce-port")
          .doc("Port that a replica tells its master; 0 for `port`.");

  public static final Directive<Integer> REPL_PING_REPLICA_PERIOD =
      new Directive<>("repl-ping-replica-period", ValueTypes.integer(1, Integer.MAX_VALUE), 10)
          .alias("repl-ping-slave-period")
          .doc("Seconds between a master's pings to its replicas.");

  public static final Directive<Integer> REPL_TIMEOUT =
      new Directive<>("repl-timeout", ValueTypes.integer(1, Integer.MAX_VALUE), 60)
          .doc("Seconds of silence after which a replication link is closed.");

  public static final Directive<Integer> MIN_REPLICAS_TO_WRITE =
      new Directive<>("min-replicas-to-write", ValueTypes.integer(0, Integer.MAX_VALUE), 0)
          .alias("min-slaves-to-write")
          .doc(
              "A master refuses writes unless so many replicas were heard of within"
                  + " `min-replicas-max-lag`; 0 for never.");

  public static final Directive<Integer> MIN_REPLICAS_MAX_LAG =
      new Directive<>("min-replicas-max-lag", ValueTypes.integer(0, Integer.MAX_VALUE), 10)
          .alias("min-slaves-max-lag")
          .doc("Seconds since a replica's last acknowledgement; see `min-replicas-to-write`.");

  public static final Directive<Integer> SHUTDOWN_TIMEOUT =
      new Directive<>("shutdown-timeout", ValueTypes.integer(0, Integer.MAX_VALUE), 10)
          .doc(
              "Seconds that a stop of a master waits for its replicas to have the whole stream;"
                  + " writes wait meanwhile. 0 for not at all.");

  public static final Directive<Long> REPL_BACKLOG_SIZE =
      new Directive<>("repl-backlog-size", ValueTypes.memory(1, Long.MAX_VALUE), MIB)
          .doc(
              "Bytes of the log that are kept for partial resyncs in any case; the log's retention"
                  + " usually keeps far more.");

  public static final Directive<Boolean> REPL_DISKLESS_SYNC =
      new Directive<>("repl-diskless-sync", ValueTypes.yesNo(), true)
          .doc(
              "Whether a redis-server that becomes a replica is sent its RDB while that is made;"
                  + " else it is first written to a file. Chronolith nodes are sent the files of a"
                  + " checkpoint in any case.");

  public static final Directive<Boolean> REPL_SEND_DURABLE_ONLY =
      new Directive<>("repl-send-durable-only", ValueTypes.yesNo(), false)
          .ours()
          .doc(
              "Whether replicas get only what is on the master's disk. They are then never ahead of"
                  + " a master that lost power, but up to a second behind unless `appendfsync` is"
                  + " `always`.");

  public static final Directive<Long> REPL_LOG_RETENTION_BYTES =
      new Directive<>("repl-log-retention-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 0L)
          .ours()
          .doc(
              "Bytes of the log that are kept for replicas; 0 for a twentieth of the volume,"
                  + " from 64 MiB to 16 GiB but no more than an eighth.");

  public static final Directive<Long> REPL_LOG_RETENTION_AGE =
      new Directive<>("repl-log-retention-age", ValueTypes.number(0, Long.MAX_VALUE / 1000), 0L)
          .ours()
          .doc("Seconds after which a part of the log is not kept for replicas; 0 for no limit.");

  public static final Directive<Boolean> REPL_VERIFY =
      new Directive<>("repl-verify", ValueTypes.yesNo(), true)
          .ours()
          .doc(
              "Whether checksums of what replicas have in their logs are compared with the master's,"
                  + " between Chronolith nodes that both say yes.");

  public static final Directive<String> REPL_VERIFY_MISMATCH =
      new Directive<>("repl-verify-mismatch", ValueTypes.oneOf("report", RESYNC), "report")
          .ours()
          .doc(
              "What follows when a replica's log differs from its master's: `report` says and counts"
                  + " it, `resync`, on either node, has the replica take a full resync as well, no"
                  + " more than once an hour.");

  public static final Directive<Long> REPL_FULL_SYNC_RATE_LIMIT =
      new Directive<>("repl-full-sync-rate-limit", ValueTypes.memory(0, Long.MAX_VALUE), 0L)
          .ours()
          .doc(
              "Bytes a second that a master sends of data sets in full syncs, to all its replicas"
                  + " together; 0 for no limit. The log that follows is not limited.");

  public static final Directive<Long> REPL_FULL_SYNC_RESUME_SECONDS =
      new Directive<>(
              "repl-full-sync-resume-seconds", ValueTypes.number(0, Long.MAX_VALUE / 1000), 600L)
          .ours()
          .doc(
              "How long a master keeps the checkpoint of a full sync that was cut off, and the log"
                  + " behind it, for a replica that comes back and goes on where it was.");

  public static final Directive<Long> REPL_FULL_SYNC_LOG_BYTES =
      new Directive<>("repl-full-sync-log-bytes", ValueTypes.memory(0, Long.MAX_VALUE), 0L)
          .ours()
          .doc(
              "Bytes of the log that a master keeps for a full sync, from its data set's offset on,"
                  + " until the replica has caught up: beyond, the sync is given up and begins"
                  + " anew. 0 for as much as the volume has room for, down to"
                  + " `log-min-free-bytes`.");

  public static final Directive<Integer> REPL_FULL_SYNC_MAX_RDBS =
      new Directive<>("repl-full-sync-max-rdbs", ValueTypes.integer(1, 64), 4)
          .ours()
          .immutable()
          .doc(
              "RDBs that a master makes at once for full syncs of redis-servers; a replica beyond"
                  + " waits. One that takes nothing for `repl-timeout` makes room.");

  public static final Directive<Integer> REPL_SLOTS_MAX =
      new Directive<>("repl-slots-max", ValueTypes.integer(1, 4096), 128)
          .ours()
          .doc(
              "Replicas, connected or not, that a master remembers and keeps the log for; beyond,"
                  + " the one that was seen longest ago is forgotten.");

  public static final Directive<Integer> REPL_SLOTS_RETENTION_FACTOR =
      new Directive<>("repl-slots-retention-factor", ValueTypes.integer(1, 1000), 4)
          .ours()
          .doc(
              "How many times `repl-log-retention-bytes` a replica that is remembered may be behind,"
                  + " and how many times `repl-log-retention-age` it may be away, before the log is"
                  + " kept for it no more.");

  private ReplicationDirectives() {}

  static List<Directive<?>> all() {
    return List.of(
        REPLICAOF,
        MASTERAUTH,
        MASTERUSER,
        REPLICA_READ_ONLY,
        REPLICA_SERVE_STALE_DATA,
        REPLICA_PRIORITY,
        REPLICA_ANNOUNCED,
        REPLICA_ANNOUNCE_IP,
        REPLICA_ANNOUNCE_PORT,
        REPL_PING_REPLICA_PERIOD,
        REPL_TIMEOUT,
        MIN_REPLICAS_TO_WRITE,
        MIN_REPLICAS_MAX_LAG,
        SHUTDOWN_TIMEOUT,
        REPL_BACKLOG_SIZE,
        REPL_DISKLESS_SYNC,
        REPL_SEND_DURABLE_ONLY,
        REPL_LOG_RETENTION_BYTES,
        REPL_LOG_RETENTION_AGE,
        REPL_VERIFY,
        REPL_VERIFY_MISMATCH,
        REPL_FULL_SYNC_RATE_LIMIT,
        REPL_FULL_SYNC_RESUME_SECONDS,
        REPL_FULL_SYNC_LOG_BYTES,
        REPL_FULL_SYNC_MAX_RDBS,
        REPL_SLOTS_MAX,
        REPL_SLOTS_RETENTION_FACTOR);
  }
}
