package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisSentinelProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three real redis-sentinels over a master and two replicas: they find everybody, and fail over on
 * demand, after a kill and after a freeze. Nothing is lost, so nobody needs a full sync.
 */
@Tag("slow")
@RequiresRedis({"redis-server", "redis-sentinel"})
class SentinelIT {
  private static final String NAME = "mymaster";
  private static final int NODES = 3;
  private static final int SENTINELS = 3;
  private static final long DEADLINE_S = 120;

  /** Within that, unless a sentinel says that it was held up: {@link #HELD_UP}. */
  private static final long FAILOVER_MS = 10_000;

  /**
   * Two sentinels that stood at once get no majority and try again 10 s later; one that its machine
   * did not run for 2 s does nothing for 30 s.
   */
  private static final List<String> HELD_UP =
      List.of("-failover-abort-not-elected", "+tilt", "-tilt");

  @TempDir Path directory;
  private final Map<Integer, ChronolithProcess> nodes = new HashMap<>();
  private final List<RedisSentinelProcess> sentinels = new ArrayList<>();
  private int keys;

  @AfterEach
  void stop() {
    sentinels.forEach(RedisSentinelProcess::close);
    // A frozen process ends by SIGKILL, too.
    nodes.values().forEach(ChronolithProcess::close);
  }

  @Test
  void shouldBeFailedOverBySentinelsWithoutAFullSync() throws IOException {
    ChronolithProcess first = startNode(0);
    startNode(first.port());
    startNode(first.port());
    awaitReplicas(first);
    startSentinels(first.port());
    awaitEverybodyKnown();

    ChronolithProcess second = failOverOnDemand(first);
    ChronolithProcess third = failOverAfterKill(second);
    failOverAfterFreeze(third);
    for (ChronolithProcess node : nodes.values()) {
      assertEquals(Integer.toString(keys), answer(() -> get(node, "last")));
    }
  }

  @Test
  void shouldTakeSentinelsTransactionWhileItsMasterIsDown() throws IOException {
    int nobody = ChronolithProcess.freePort();
    ChronolithProcess replica = startNode(nobody, "replica-announced no", "replica-priority 7");
    String runId = info(replica, "server", "run_id");
    assertEquals("7", info(replica, "replication", "slave_priority"));
    assertEquals("0", info(replica, "replication", "replica_announced"));
    try (RespClient sentinel = replica.connect();
        RespClient pubsub = replica.connect();
        RespClient other = replica.connect()) {
      other.call("CONFIG", "SET", "replica-serve-stale-data", "no");
      // Redis's PING says so, too, and Sentinel takes it for a sign of life.
      assertEquals(
          "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
          assertThrows(RespClient.ErrorReply.class, () -> sentinel.call("PING")).getMessage());
      assertEquals("OK", sentinel.call("CLIENT", "SETNAME", "sentinel-cmd"));
      pubsub.call("SUBSCRIBE", "__sentinel__:hello");
      assertEquals(1L, sentinel.call("PUBLISH", "__sentinel__:hello", "here I am"));
      sentinel.call("MULTI");
      sentinel.call("SLAVEOF", "NO", "ONE");
      sentinel.call("CONFIG", "REWRITE");
      sentinel.call("CLIENT", "KILL", "TYPE", "normal");
      sentinel.call("CLIENT", "KILL", "TYPE", "pubsub");
      assertEquals(List.of("OK", "OK", 1L, 1L), sentinel.call("EXEC"));
      assertEquals("PONG", sentinel.call("PING"));
      assertThrows(RespClient.Disconnected.class, () -> other.call("PING"));
    }
    assertEquals("master", info(replica, "replication", "role"));
    assertEquals(runId, info(replica, "server", "run_id"));
    awaitDirective(replica, "replicaof", false);
  }

  private static Object get(ChronolithProcess node, String key) {
    try (RespClient client = node.connect()) {
      return client.call("GET", key);
    }
  }

  private ChronolithProcess failOverOnDemand(ChronolithProcess master) throws IOException {
    write(master);
    Map<Integer, String> fullSyncs = fullSyncs();
    Begun begun = begin();
    try (RespClient sentinel = sentinels.get(0).connect()) {
      assertEquals("OK", sentinel.call("SENTINEL", "FAILOVER", NAME));
    }
    ChronolithProcess promoted = awaitPromotion(master, begun);
    awaitReplicas(promoted);
    assertEquals(fullSyncs, fullSyncs());
    // CONFIG REWRITE came with the new roles.
    awaitDirective(promoted, "replicaof", false);
    awaitDirective(master, "replicaof", true);
    return promoted;
  }

  private ChronolithProcess failOverAfterKill(ChronolithProcess master) {
    write(master);
    Map<Integer, String> fullSyncs = fullSyncs();
    Begun begun = begin();
    master.kill();
    ChronolithProcess promoted = awaitPromotion(master, begun);
    write(promoted, 1);
    nodes.put(master.port(), ChronolithProcess.startConfigured(file(master.port()), master.port()));
    awaitReplicas(promoted);
    fullSyncs.put(master.port(), "0");
    assertEquals(fullSyncs, fullSyncs());
    return promoted;
  }

  private void failOverAfterFreeze(ChronolithProcess master) {
    write(master);
    Map<Integer, String> fullSyncs = fullSyncs();
    Begun begun = begin();
    master.freeze();
    ChronolithProcess promoted = awaitPromotion(master, begun);
    write(promoted, 1);
    master.thaw();
    awaitReplicas(promoted);
    assertEquals(fullSyncs, fullSyncs());
  }

  private Path file(int port) {
    return directory.resolve("node-" + port + ".conf");
  }

  /**
   * @param masterPort 0 for a master
   */
  private ChronolithProcess startNode(int masterPort, String... directives) throws IOException {
    int port = ChronolithProcess.freePort();
    List<String> lines = new ArrayList<>();
    lines.add("# node " + port);
    lines.add("port " + port);
    lines.add("dir \"" + Files.createDirectories(directory.resolve("data-" + port)) + "\"");
    if (masterPort != 0) {
      lines.add("replicaof 127.0.0.1 " + masterPort);
    }
    lines.addAll(List.of(directives));
    Files.write(file(port), lines);
    ChronolithProcess node = ChronolithProcess.startConfigured(file(port), port);
    nodes.put(port, node);
    return node;
  }

  private void startSentinels(int masterPort) {
    for (int i = 0; i < SENTINELS; i++) {
      sentinels.add(
          RedisSentinelProcess.start(
              directory.resolve("sentinel-" + i),
              List.of(
                  "sentinel monitor " + NAME + " 127.0.0.1 " + masterPort + " 2",
                  "sentinel down-after-milliseconds " + NAME + " 1500",
                  "sentinel failover-timeout " + NAME + " 5000",
                  "sentinel parallel-syncs " + NAME + " 2")));
    }
  }

  /** Each sentinel sees the replicas, by INFO, and the other sentinels, by their messages. */
  private void awaitEverybodyKnown() {
    for (RedisSentinelProcess sentinel : sentinels) {
      await(
          "sentinels that know everybody",
          () -> {
            Map<String, String> master = masterSeenBy(sentinel);
            return master.get("num-slaves").equals(Integer.toString(NODES - 1))
                && master.get("num-other-sentinels").equals(Integer.toString(SENTINELS - 1))
                && master.get("flags").equals("master");
          });
    }
  }

  private static Map<String, String> masterSeenBy(RedisSentinelProcess sentinel) {
    try (RespClient client = sentinel.connect()) {
      List<?> fields = (List<?>) client.call("SENTINEL", "MASTER", NAME);
      Map<String, String> map = new HashMap<>();
      for (int i = 0; i < fields.size(); i += 2) {
        map.put((String) fields.get(i), (String) fields.get(i + 1));
      }
      return map;
    }
  }

  /**
   * A moment before a failover.
   *
   * @param logged how much each sentinel had logged by then
   */
  private record Begun(long nanos, List<Integer> logged) {}

  private Begun begin() {
    return new Begun(
        System.nanoTime(), sentinels.stream().map(sentinel -> sentinel.output().length()).toList());
  }

  private boolean wasHeldUp(Begun begun) {
    for (int i = 0; i < sentinels.size(); i++) {
      String since = sentinels.get(i).output().substring(begun.logged().get(i));
      if (HELD_UP.stream().anyMatch(since::contains)) {
        return true;
      }
    }
    return false;
  }

  /** Waits until most sentinels name another master, and it says so, too. */
  private ChronolithProcess awaitPromotion(ChronolithProcess old, Begun begun) {
    await("a promotion", () -> agreed(old.port()) != 0);
    ChronolithProcess promoted = nodes.get(agreed(old.port()));
    assertEquals("master", answer(() -> info(promoted, "replication", "role")));
    long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun.nanos());
    assertTrue(
        tookMs < FAILOVER_MS || wasHeldUp(begun), () -> "it took " + tookMs + " ms" + logs());
    return promoted;
  }

  /** Port of the master that more than half of the sentinels name; 0 if it is {@code oldPort}. */
  private int agreed(int oldPort) {
    Map<Integer, Integer> votes = new HashMap<>();
    for (RedisSentinelProcess sentinel : sentinels) {
      try (RespClient client = sentinel.connect()) {
        List<?> address = (List<?>) client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME);
        votes.merge(Integer.parseInt((String) address.get(1)), 1, Integer::sum);
      }
    }
    return votes.entrySet().stream()
        .filter(vote -> vote.getValue() > SENTINELS / 2 && vote.getKey() != oldPort)
        .mapToInt(Map.Entry::getKey)
        .findFirst()
        .orElse(0);
  }

  /** All other nodes follow {@code master} and are where it is. */
  private void awaitReplicas(ChronolithProcess master) {
    for (ChronolithProcess node : nodes.values()) {
      if (node.port() != master.port()) {
        await(
            node.port() + " to follow " + master.port(),
            () ->
                info(node, "replication", "role").equals("slave")
                    && info(node, "replication", "master_port").equals("" + master.port())
                    && info(node, "replication", "master_link_status").equals("up")
                    && offset(node) == offset(master));
      }
    }
    await(
        "replicas of " + master.port(),
        () -> info(master, "replication", "connected_slaves").equals("" + (NODES - 1)));
  }

  private void write(ChronolithProcess master) {
    write(master, NODES - 1);
  }

  /** Writes that so many replicas have before it returns. */
  private void write(ChronolithProcess master, int replicas) {
    try (RespClient client = master.connect()) {
      for (int i = 0; i < 1000; i++) {
        keys++;
        client.call("SET", "key:" + keys, Integer.toString(keys));
        if (keys % 5 == 0) {
          // They expire all through what comes, and their deletions are in the stream.
          client.call("SET", "expiring:" + keys, "x", "PX", Integer.toString(1 + keys * 7 % 9000));
        }
      }
      client.call("SET", "last", Integer.toString(keys));
      long reached = (Long) client.call("WAIT", Integer.toString(replicas), "20000");
      assertTrue(reached >= replicas, reached + " replicas");
    }
  }

  private void awaitDirective(ChronolithProcess node, String name, boolean expected) {
    await(
        name + " in the file of " + node.port(),
        () -> {
          try {
            List<String> lines = Files.readAllLines(file(node.port()));
            assertFalse(lines.isEmpty());
            assertEquals("# node " + node.port(), lines.get(0));
            return lines.stream().anyMatch(line -> line.startsWith(name + " ")) == expected;
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  private Map<Integer, String> fullSyncs() {
    Map<Integer, String> all = new HashMap<>();
    nodes.forEach((port, node) -> all.put(port, answer(() -> info(node, "stats", "sync_full"))));
    return all;
  }

  private static String info(ChronolithProcess node, String section, String field) {
    try (RespClient client = node.connect()) {
      return client
          .call("INFO", section)
          .toString()
          .lines()
          .filter(line -> line.startsWith(field + ":"))
          .map(line -> line.substring(field.length() + 1))
          .findFirst()
          .orElse("");
    }
  }

  private static long offset(ChronolithProcess node) {
    return Long.parseLong(info(node, "replication", "master_repl_offset"));
  }

  /** Whoever asks just when Sentinel changes a role is cut off, as every normal client is. */
  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (RespClient.Disconnected e) {
      return false;
    }
  }

  /** Asks again where {@link #holds} would. */
  private <T> T answer(Supplier<T> question) {
    List<T> answers = new ArrayList<>();
    await("an answer", () -> answers.add(question.get()));
    return answers.get(0);
  }

  private String logs() {
    StringBuilder logs = new StringBuilder();
    sentinels.forEach(sentinel -> logs.append("\n\n").append(sentinel.output()));
    nodes.values().forEach(node -> logs.append("\n\n").append(node.output()));
    return logs.toString();
  }

  private void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!holds(condition)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("still waiting for " + what + logs());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(50);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
