package org.chronolith.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The values of all directives. Concluded once by {@link ConfigLoader}; afterwards it changes only
 * on the engine thread, through {@link ConfigSet} or {@link #assign}. All getters may be called
 * from any thread and see a consistent set; code on a hot path keeps a copy of its own and
 * refreshes it with {@link #onChange}.
 */
public final class ServerConfig {

  /** Told about a new value, on the engine thread. */
  @FunctionalInterface
  public interface Listener<T> {
    /**
     * @throws BadValueException if the value cannot be put into effect; then the whole change is
     *     taken back
     */
    void changed(T value) throws BadValueException;
  }

  private volatile Map<Directive<?>, Object> values;
  private final Map<Directive<?>, List<Listener<?>>> listeners = new HashMap<>();
  private final Optional<Path> file;
  private final List<String> warnings;

  ServerConfig(Map<Directive<?>, Object> given, Optional<Path> file, List<String> warnings) {
    Map<Directive<?>, Object> all = new HashMap<>();
    for (Directive<?> directive : Directives.all()) {
      all.put(directive, given.getOrDefault(directive, directive.defaultValue()));
    }
    this.values = all;
    this.file = file;
    this.warnings = List.copyOf(warnings);
  }

  /** The value of a directive. */
  @SuppressWarnings("unchecked") // a value is only ever put in by its directive
  public <T> T get(Directive<T> directive) {
    return (T) values.get(directive);
  }

  /** The value as {@code CONFIG GET} prints it. */
  public <T> String format(Directive<T> directive) {
    return directive.type().format(get(directive));
  }

  /**
   * {@code CONFIG GET}: the directives whose name or alias matches a glob pattern, by name; a name
   * without wildcards comes back as it was asked for, as in Redis.
   */
  public Map<String, String> matching(List<String> patterns) {
    Map<String, String> found = new LinkedHashMap<>();
    List<Glob> globs = new ArrayList<>();
    for (String pattern : patterns) {
      if (Glob.isPattern(pattern)) {
        globs.add(new Glob(pattern));
      } else {
        Directives.find(pattern).ifPresent(directive -> found.put(pattern, format(directive)));
      }
    }
    Directives.byNameAndAlias()
        .forEach(
            (name, directive) -> {
              if (globs.stream().anyMatch(glob -> glob.matches(name))) {
                found.put(name, format(directive));
              }
            });
    return found;
  }

  /** The configuration file it was read from, if any. */
  public Optional<Path> file() {
    return file;
  }

  /** What the log should say at start: one line per directive without effect. */
  public List<String> warnings() {
    return warnings;
  }

  /** Calls the listener after each change of the directive. Engine thread, or before the start. */
  public <T> void onChange(Directive<T> directive, Listener<T> listener) {
    listeners.computeIfAbsent(directive, key -> new ArrayList<>()).add(listener);
  }

  /**
   * Changes a value without asking or telling anybody: for what a command has already put into
   * effect, such as {@code REPLICAOF}. Engine thread.
   */
  public <T> void assign(Directive<T> directive, T value) {
    Map<Directive<?>, Object> next = new HashMap<>(values);
    next.put(directive, value);
    values = next;
  }

  /** The current values; do not change them. */
  Map<Directive<?>, Object> values() {
    return values;
  }

  void values(Map<Directive<?>, Object> next) {
    values = next;
  }

  @SuppressWarnings("unchecked") // listeners are only ever added with their directive's type
  <T> List<Listener<T>> listeners(Directive<T> directive) {
    return (List<Listener<T>>) (List<?>) listeners.getOrDefault(directive, List.of());
  }

  public int port() {
    return get(NetworkDirectives.PORT);
  }

  public List<String> bind() {
    return get(NetworkDirectives.BIND);
  }

  public boolean protectedMode() {
    return get(NetworkDirectives.PROTECTED_MODE);
  }

  public Optional<Path> unixSocket() {
    return get(NetworkDirectives.UNIXSOCKET);
  }

  public int unixSocketPermissions() {
    return get(NetworkDirectives.UNIXSOCKETPERM);
  }

  public int tcpBacklog() {
    return get(NetworkDirectives.TCP_BACKLOG);
  }

  public int tcpKeepaliveSeconds() {
    return get(NetworkDirectives.TCP_KEEPALIVE);
  }

  public int timeoutSeconds() {
    return get(NetworkDirectives.TIMEOUT);
  }

  public long maxClients() {
    return get(NetworkDirectives.MAXCLIENTS);
  }

  public long protoMaxBulkLenBytes() {
    return get(NetworkDirectives.PROTO_MAX_BULK_LEN);
  }

  public long clientQueryBufferLimitBytes() {
    return get(NetworkDirectives.CLIENT_QUERY_BUFFER_LIMIT);
  }

  public OutputBufferLimits clientOutputBufferLimits() {
    return get(NetworkDirectives.CLIENT_OUTPUT_BUFFER_LIMIT);
  }

  /** Empty for none. */
  public String requirePass() {
    return get(NetworkDirectives.REQUIREPASS);
  }

  public AccessLevel enableDebugCommand() {
    return get(NetworkDirectives.ENABLE_DEBUG_COMMAND);
  }

  public LogLevel logLevel() {
    return get(GeneralDirectives.LOGLEVEL);
  }

  public Optional<Path> logFile() {
    return get(GeneralDirectives.LOGFILE);
  }

  public Optional<Path> pidFile() {
    return get(GeneralDirectives.PIDFILE);
  }

  /** 0 for none. */
  public int metricsPort() {
    return get(GeneralDirectives.METRICS_PORT);
  }

  public int hz() {
    return get(GeneralDirectives.HZ);
  }

  public int databases() {
    return get(GeneralDirectives.DATABASES);
  }

  /** 0 for not at all. */
  public int shutdownTimeoutSeconds() {
    return get(ReplicationDirectives.SHUTDOWN_TIMEOUT);
  }

  /** Of {@code default save nosave now force}. */
  public Set<String> shutdownOnSigterm() {
    return get(GeneralDirectives.SHUTDOWN_ON_SIGTERM);
  }

  public boolean latencyTracking() {
    return get(GeneralDirectives.LATENCY_TRACKING);
  }

  /** The data directory, absolute. */
  public Path dir() {
    return get(PersistenceDirectives.DIR);
  }

  public AppendFsync appendFsync() {
    return get(PersistenceDirectives.APPENDFSYNC);
  }

  public List<SaveRule> saveRules() {
    return get(PersistenceDirectives.SAVE);
  }

  /** Whether saves that a client asks for leave an RDB, too. */
  public boolean bgsaveRdb() {
    return get(PersistenceDirectives.BGSAVE_RDB);
  }

  /** Where it is. */
  public Path rdbFile() {
    return dir().resolve(get(PersistenceDirectives.DBFILENAME));
  }

  /** 0 for never. */
  public long snapshotTriggerLogBytes() {
    return get(PersistenceDirectives.SNAPSHOT_TRIGGER_LOG_BYTES);
  }

  /** Besides the newest one. */
  public int snapshotOlderCheckpoints() {
    return get(PersistenceDirectives.SNAPSHOT_OLDER_CHECKPOINTS);
  }

  /** 0 to choose by the volume's size. */
  public long logSegmentBytes() {
    return get(PersistenceDirectives.LOG_SEGMENT_BYTES);
  }

  /** 0 to choose by the volume's size. */
  public long logHeadroomBytes() {
    return get(PersistenceDirectives.LOG_HEADROOM_BYTES);
  }

  /** 0 to choose by the volume's size. */
  public long logMinFreeBytes() {
    return get(PersistenceDirectives.LOG_MIN_FREE_BYTES);
  }

  public Optional<HostPort> replicaOf() {
    return get(ReplicationDirectives.REPLICAOF);
  }

  /** Empty for none. */
  public String masterAuth() {
    return get(ReplicationDirectives.MASTERAUTH);
  }

  /** Empty for none. */
  public String masterUser() {
    return get(ReplicationDirectives.MASTERUSER);
  }

  public boolean replicaReadOnly() {
    return get(ReplicationDirectives.REPLICA_READ_ONLY);
  }

  public boolean replicaServeStaleData() {
    return get(ReplicationDirectives.REPLICA_SERVE_STALE_DATA);
  }

  public boolean replicaAnnounced() {
    return get(ReplicationDirectives.REPLICA_ANNOUNCED);
  }

  public int replicaPriority() {
    return get(ReplicationDirectives.REPLICA_PRIORITY);
  }

  /** Empty for the connection's own. */
  public String replicaAnnounceIp() {
    return get(ReplicationDirectives.REPLICA_ANNOUNCE_IP);
  }

  /** 0 for {@link #port()}. */
  public int replicaAnnouncePort() {
    return get(ReplicationDirectives.REPLICA_ANNOUNCE_PORT);
  }

  /** Replicas that a master needs for writes; 0 for none. */
  public int minReplicasToWrite() {
    return get(ReplicationDirectives.MIN_REPLICAS_TO_WRITE);
  }

  public int minReplicasMaxLagSeconds() {
    return get(ReplicationDirectives.MIN_REPLICAS_MAX_LAG);
  }

  public int replPingReplicaPeriodSeconds() {
    return get(ReplicationDirectives.REPL_PING_REPLICA_PERIOD);
  }

  public int replTimeoutSeconds() {
    return get(ReplicationDirectives.REPL_TIMEOUT);
  }

  public long logScrubBytesPerSecond() {
    return get(PersistenceDirectives.LOG_SCRUB_BYTES_PER_SECOND);
  }

  public boolean replVerify() {
    return get(ReplicationDirectives.REPL_VERIFY);
  }

  /** Whether a replica that differs from its master is to take a full resync. */
  public boolean replResyncOnMismatch() {
    return get(ReplicationDirectives.REPL_VERIFY_MISMATCH).equals(ReplicationDirectives.RESYNC);
  }

  /** Bytes a second; 0 for no limit. */
  public long replFullSyncRateLimit() {
    return get(ReplicationDirectives.REPL_FULL_SYNC_RATE_LIMIT);
  }

  public long replFullSyncResumeSeconds() {
    return get(ReplicationDirectives.REPL_FULL_SYNC_RESUME_SECONDS);
  }

  public int replFullSyncMaxRdbs() {
    return get(ReplicationDirectives.REPL_FULL_SYNC_MAX_RDBS);
  }

  public int replSlotsMax() {
    return get(ReplicationDirectives.REPL_SLOTS_MAX);
  }

  /** What a limit of the log's retention is for a replica that is remembered; 0 stays 0. */
  public long forSlots(long retention) {
    int factor = get(ReplicationDirectives.REPL_SLOTS_RETENTION_FACTOR);
    return retention > Long.MAX_VALUE / factor ? Long.MAX_VALUE : factor * retention;
  }

  /** 0 for as much as the volume has room for. */
  public long replFullSyncLogBytes() {
    return get(ReplicationDirectives.REPL_FULL_SYNC_LOG_BYTES);
  }

  public boolean replDisklessSync() {
    return get(ReplicationDirectives.REPL_DISKLESS_SYNC);
  }

  public boolean replSendDurableOnly() {
    return get(ReplicationDirectives.REPL_SEND_DURABLE_ONLY);
  }

  public long replBacklogSizeBytes() {
    return get(ReplicationDirectives.REPL_BACKLOG_SIZE);
  }

  /** 0: chosen by the volume's size. */
  public long replLogRetentionBytes() {
    return get(ReplicationDirectives.REPL_LOG_RETENTION_BYTES);
  }

  /** 0: no limit. */
  public long replLogRetentionAgeSeconds() {
    return get(ReplicationDirectives.REPL_LOG_RETENTION_AGE);
  }

  /** 0: no limit. */
  public long maxMemoryBytes() {
    return get(MemoryDirectives.MAXMEMORY);
  }

  /** Elements if positive; -1 to -5: 4, 8, 16, 32, 64 kb. */
  public long hllSparseMaxBytes() {
    return get(MemoryDirectives.HLL_SPARSE_MAX_BYTES);
  }

  public int listMaxListpackSize() {
    return get(MemoryDirectives.LIST_MAX_LISTPACK_SIZE);
  }

  public long hashMaxListpackEntries() {
    return get(MemoryDirectives.HASH_MAX_LISTPACK_ENTRIES);
  }

  public long hashMaxListpackValueBytes() {
    return get(MemoryDirectives.HASH_MAX_LISTPACK_VALUE);
  }

  public long setMaxListpackEntries() {
    return get(MemoryDirectives.SET_MAX_LISTPACK_ENTRIES);
  }

  public long setMaxListpackValueBytes() {
    return get(MemoryDirectives.SET_MAX_LISTPACK_VALUE);
  }

  public long zsetMaxListpackEntries() {
    return get(MemoryDirectives.ZSET_MAX_LISTPACK_ENTRIES);
  }

  public long zsetMaxListpackValueBytes() {
    return get(MemoryDirectives.ZSET_MAX_LISTPACK_VALUE);
  }
}
