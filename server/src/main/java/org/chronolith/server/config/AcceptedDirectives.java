package org.chronolith.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Directives of Redis 7.0 that have no meaning here. They are read and checked as Redis does it and
 * kept for {@code CONFIG GET}, so that an existing redis.conf works; each one given costs a warning
 * line. Where ignoring one would betray the reason for giving it (encryption, access control), any
 * value but the default is refused instead.
 */
final class AcceptedDirectives {

  private static final String AOF = "the log has its own format and is never rewritten";
  private static final String RDB = "snapshots are RocksDB files";
  private static final String FORK = "the server never forks";
  private static final String ALLOCATOR = "data lies in slabs of its own, without jemalloc";
  private static final String LAZY = "large values are always freed in slices";
  private static final String NO_SCRIPTS = "there are no scripts in this version";
  private static final String NO_EVICTION = "there is no eviction in this version";
  private static final String NO_CLUSTER = "there is no cluster mode";
  private static final String NO_TLS = "there is no TLS in this version";
  private static final String NO_ACL = "there are no ACL users in this version";
  private static final String ONE_CHECKPOINT =
      "replicas that come at any time share the newest snapshot";
  private static final String ON_DISK = "what a full sync brings is always written to files first";
  private static final String SYSTEM = "leave it to the service manager";
  private static final String NO_TYPE = "the data type is not in this version";

  private static final int MAX = Integer.MAX_VALUE;

  private final List<Directive<?>> list = new ArrayList<>();

  private AcceptedDirectives() {}

  static List<Directive<?>> all() {
    AcceptedDirectives directives = new AcceptedDirectives();
    directives.persistence();
    directives.memory();
    directives.replication();
    directives.process();
    directives.observation();
    directives.cluster();
    directives.tls();
    directives.access();
    return List.copyOf(directives.list);
  }

  private void persistence() {
    add("appendfilename", ValueTypes.text(), "appendonly.aof", AOF).immutable();
    add("appenddirname", ValueTypes.text(), "appendonlydir", AOF).immutable();
    add("no-appendfsync-on-rewrite", false, AOF);
    number("auto-aof-rewrite-percentage", 0, MAX, 100, AOF);
    memory("auto-aof-rewrite-min-size", 64L << 20, AOF);
    add("aof-load-truncated", true, "an unfinished end of the log is always cut");
    add("aof-use-rdb-preamble", true, AOF);
    add("aof-timestamp-enabled", false, "every record of the log has its time");
    add("aof-rewrite-incremental-fsync", true, AOF);
    add("aof-disable-auto-gc", false, AOF);
    add("rdbcompression", true, RDB);
    add("rdbchecksum", true, RDB).immutable();
    add("rdb-del-sync-files", false, RDB);
    add("rdb-save-incremental-fsync", true, RDB);
    oneOf("sanitize-dump-payload", "no", "there is no RESTORE in this version", "yes", "clients");
    add(
        "stop-writes-on-bgsave-error",
        true,
        "writes stop when the log cannot take them, not when a snapshot fails");
  }

  private void memory() {
    number("maxmemory-samples", 1, MAX, 5, NO_EVICTION);
    number("maxmemory-eviction-tenacity", 0, 100, 10, NO_EVICTION);
    add("maxmemory-clients", ValueTypes.memoryOrPercent(), 0L, NO_EVICTION);
    add("replica-ignore-maxmemory", true, NO_EVICTION).alias("slave-ignore-maxmemory");
    number("lfu-log-factor", 0, MAX, 10, NO_EVICTION);
    number("lfu-decay-time", 0, MAX, 1, NO_EVICTION);
    add("lazyfree-lazy-eviction", false, LAZY);
    add("lazyfree-lazy-expire", false, LAZY);
    add("lazyfree-lazy-server-del", false, LAZY);
    add("lazyfree-lazy-user-del", false, LAZY);
    add("lazyfree-lazy-user-flush", false, LAZY);
    add("replica-lazy-flush", false, LAZY).alias("slave-lazy-flush");
    add("activedefrag", false, ALLOCATOR);
    memory("active-defrag-ignore-bytes", 100L << 20, ALLOCATOR);
    number("active-defrag-threshold-lower", 0, 1000, 10, ALLOCATOR);
    number("active-defrag-threshold-upper", 0, 1000, 100, ALLOCATOR);
    number("active-defrag-cycle-min", 1, 99, 1, ALLOCATOR);
    number("active-defrag-cycle-max", 1, 99, 25, ALLOCATOR);
    number("active-defrag-max-scan-fields", 1, Long.MAX_VALUE, 1000, ALLOCATOR);
    add("jemalloc-bg-thread", true, ALLOCATOR);
    add("activerehashing", true, "tables always grow in small steps");
    number("active-expire-effort", 1, 10, 1, "expired keys are collected within a fixed budget");
    number("set-max-intset-entries", 0, Long.MAX_VALUE, 512, "sets of numbers have no own form");
    number("list-compress-depth", 0, MAX, 0, "lists are not compressed");
    memory("stream-node-max-bytes", 4096, NO_TYPE);
    number("stream-node-max-entries", 0, Long.MAX_VALUE, 100, NO_TYPE);
    memory("tracking-table-max-keys", 1_000_000, "there is no client-side caching in this version");
  }

  private void replication() {
    number("repl-diskless-sync-delay", 0, MAX, 5, ONE_CHECKPOINT);
    number("repl-diskless-sync-max-replicas", 0, MAX, 0, ONE_CHECKPOINT);
    oneOf("repl-diskless-load", "disabled", ON_DISK, "on-empty-db", "swapdb");
    number("repl-backlog-ttl", 0, MAX, 3600, "the log serves as backlog and is never dropped");
    add("repl-disable-tcp-nodelay", false, "replication links always send at once");
    add(
        "replica-ignore-disk-write-errors",
        false,
        "a replica that cannot write its log stops applying");
    oneOf(
        "propagation-error-behavior",
        "ignore",
        "an effect that cannot be applied always stops the replica",
        "panic",
        "panic-on-replicas");
  }

  private void process() {
    add("dynamic-hz", true, "periodic work has a fixed rate");
    add("io-threads-do-reads", false, "one event loop reads and writes").immutable();
    add("always-show-logo", false, "there is no logo").immutable();
    add(
        "shutdown-on-sigint",
        new ManyWordTypes.ShutdownFlags(),
        Set.of("default"),
        "'shutdown-on-sigterm' holds for both signals");
    add("set-proc-title", true, "a JVM does not change its title").immutable();
    add(
        "proc-title-template",
        ValueTypes.text(),
        "{title} {listen-addr} {server-mode}",
        "a JVM does not change its title");
    oneOf(
            "supervised",
            "no",
            "it runs in the foreground, as every supervisor wants it",
            "upstart",
            "systemd",
            "auto")
        .immutable();
    add("server_cpulist", ValueTypes.text(), "", SYSTEM).immutable();
    add("bio_cpulist", ValueTypes.text(), "", SYSTEM).immutable();
    add("aof_rewrite_cpulist", ValueTypes.text(), "", FORK).immutable();
    add("bgsave_cpulist", ValueTypes.text(), "", FORK).immutable();
    oneOf("oom-score-adj", "no", SYSTEM, "yes", "relative", "absolute");
    add(
        "oom-score-adj-values",
        new ManyWordTypes.WordList(3, "wrong number of arguments", "three numbers"),
        List.of("0", "200", "800"),
        SYSTEM);
    add("disable-thp", true, SYSTEM).immutable();
    add("crash-log-enabled", true, "the JVM writes its own crash report");
    add("crash-memcheck-enabled", true, "the JVM writes its own crash report");
    add("ignore-warnings", ValueTypes.text(), "", SYSTEM);
    add("bind-source-addr", ValueTypes.text(), "", "the system chooses the source address");
    number("socket-mark-id", 0, 4294967295L, 0, "sockets are not marked").immutable();
    number("busy-reply-threshold", 0, Long.MAX_VALUE, 5000, NO_SCRIPTS).alias("lua-time-limit");
    add(
        "notify-keyspace-events",
        new KeyspaceEvents(),
        "",
        "keyspace events are not published in this version");
  }

  private void observation() {
    add("syslog-enabled", false, SYSTEM).immutable();
    add("syslog-ident", ValueTypes.text(), "redis", SYSTEM).immutable();
    oneOf(
            "syslog-facility",
            "local0",
            SYSTEM,
            "user",
            "local1",
            "local2",
            "local3",
            "local4",
            "local5",
            "local6",
            "local7")
        .immutable();
  }

  private void cluster() {
    refused("cluster-enabled", ValueTypes.yesNo(), false, NO_CLUSTER);
    add("cluster-config-file", ValueTypes.text(), "nodes.conf", NO_CLUSTER).immutable();
    number("cluster-node-timeout", 0, Long.MAX_VALUE, 15000, NO_CLUSTER);
    number("cluster-port", 0, 65535, 0, NO_CLUSTER).immutable();
    number("cluster-announce-port", 0, 65535, 0, NO_CLUSTER);
    number("cluster-announce-bus-port", 0, 65535, 0, NO_CLUSTER);
    number("cluster-announce-tls-port", 0, 65535, 0, NO_CLUSTER);
    add("cluster-announce-ip", ValueTypes.text(), "", NO_CLUSTER);
    add("cluster-announce-hostname", ValueTypes.text(), "", NO_CLUSTER);
    oneOf("cluster-preferred-endpoint-type", "ip", NO_CLUSTER, "hostname", "unknown-endpoint");
    number("cluster-replica-validity-factor", 0, MAX, 10, NO_CLUSTER)
        .alias("cluster-slave-validity-factor");
    number("cluster-migration-barrier", 0, MAX, 1, NO_CLUSTER);
    add("cluster-allow-replica-migration", true, NO_CLUSTER);
    add("cluster-require-full-coverage", true, NO_CLUSTER);
    add("cluster-replica-no-failover", false, NO_CLUSTER).alias("cluster-slave-no-failover");
    add("cluster-allow-reads-when-down", false, NO_CLUSTER);
    add("cluster-allow-pubsubshard-when-down", true, NO_CLUSTER);
    memory("cluster-link-sendbuf-limit", 0, NO_CLUSTER);
  }

  private void tls() {
    refused("tls-port", ValueTypes.integer(0, 65535), 0, NO_TLS);
    refused("tls-replication", ValueTypes.yesNo(), false, NO_TLS);
    refused("tls-cluster", ValueTypes.yesNo(), false, NO_TLS);
    add("tls-session-caching", true, NO_TLS);
    number("tls-session-cache-size", 0, MAX, 20480, NO_TLS);
    number("tls-session-cache-timeout", 0, MAX, 300, NO_TLS);
    oneOf("tls-auth-clients", "yes", NO_TLS, "no", "optional");
    add("tls-prefer-server-ciphers", false, NO_TLS);
    for (String name :
        List.of(
            "tls-ca-cert-dir",
            "tls-ca-cert-file",
            "tls-cert-file",
            "tls-ciphers",
            "tls-ciphersuites",
            "tls-client-cert-file",
            "tls-client-key-file",
            "tls-dh-params-file",
            "tls-key-file",
            "tls-protocols")) {
      add(name, ValueTypes.text(), "", NO_TLS);
    }
    add("tls-client-key-file-pass", ValueTypes.text(), "", NO_TLS).secret();
    add("tls-key-file-pass", ValueTypes.text(), "", NO_TLS).secret();
  }

  private void access() {
    refused("aclfile", ValueTypes.text(), "", NO_ACL);
    oneOf("acl-pubsub-default", "resetchannels", NO_ACL, "allchannels");
    number("acllog-max-len", 0, Long.MAX_VALUE, 128, NO_ACL);
    refused(
        "enable-protected-configs",
        ValueTypes.oneOf(AccessLevel.class),
        AccessLevel.NO,
        "protected directives never change while the server runs");
    refused(
        "enable-module-command",
        ValueTypes.oneOf(AccessLevel.class),
        AccessLevel.NO,
        "there are no loadable modules");
  }

  private <T> Directive<T> add(String name, ValueType<T> type, T defaultValue, String reason) {
    Directive<T> directive = new Directive<>(name, type, defaultValue).noEffect(reason);
    list.add(directive);
    return directive;
  }

  private Directive<Boolean> add(String name, boolean defaultValue, String reason) {
    return add(name, ValueTypes.yesNo(), defaultValue, reason);
  }

  private Directive<Long> number(
      String name, long min, long max, long defaultValue, String reason) {
    return add(name, ValueTypes.number(min, max), defaultValue, reason);
  }

  private void memory(String name, long defaultBytes, String reason) {
    add(name, ValueTypes.memory(0, Long.MAX_VALUE), defaultBytes, reason);
  }

  private Directive<String> oneOf(
      String name, String defaultWord, String reason, String... otherWords) {
    List<String> words = new ArrayList<>(List.of(otherWords));
    words.add(0, defaultWord);
    return add(name, ValueTypes.oneOf(words.toArray(String[]::new)), defaultWord, reason);
  }

  private <T> void refused(String name, ValueType<T> type, T only, String reason) {
    add(name, type, only, reason).immutable().onlyDefault(reason);
  }
}
