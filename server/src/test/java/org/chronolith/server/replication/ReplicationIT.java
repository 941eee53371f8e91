package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that follow each other, are killed, restarted, promoted and re-attached. */
@Tag("slow")
class ReplicationIT {

  @TempDir Path directory;
  private final List<ChronolithProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(ChronolithProcess::close);
  }

  private ChronolithProcess start(String name, int port, String... directives) {
    List<String> all = new ArrayList<>(List.of("--enable-debug-command", "yes"));
    all.addAll(List.of(directives));
    ChronolithProcess started =
        ChronolithProcess.start(directory.resolve(name), port, all.toArray(String[]::new));
    processes.add(started);
    return started;
  }

  private ChronolithProcess replica(String name, int port, ChronolithProcess master) {
    return start(name, port, "--replicaof", "127.0.0.1 " + master.port());
  }

  private static String info(ChronolithProcess node, String section, String field) {
    try (RespClient client = node.connect()) {
      return client.info(section, field);
    }
  }

  private static long offset(ChronolithProcess node) {
    return Long.parseLong(info(node, "replication", "master_repl_offset"));
  }

  private static Object call(ChronolithProcess node, String... words) {
    try (RespClient client = node.connect()) {
      return client.call(words);
    }
  }

  private static void awaitLink(ChronolithProcess replica) {
    await(
        "the link of " + replica.port(),
        () -> info(replica, "replication", "master_link_status").equals("up"));
  }

  /** Both have the same bytes of the stream, and the same data. */
  private static void assertSame(ChronolithProcess master, ChronolithProcess replica) {
    awaitLink(replica);
    await("equal offsets", () -> offset(master) == offset(replica));
    assertEquals(call(master, "DEBUG", "DIGEST"), call(replica, "DEBUG", "DIGEST"));
    assertEquals(
        info(master, "replication", "master_replid"),
        info(replica, "replication", "master_replid"));
  }

  private static void fill(ChronolithProcess node, long seed, int commands) {
    Random random = new Random(seed);
    try (RespClient client = node.connect()) {
      for (int i = 0; i < commands; i++) {
        String key = Integer.toString(random.nextInt(commands / 4 + 1));
        switch (random.nextInt(8)) {
          case 0 -> client.send("LPUSH", "l" + key, "x" + i, "y" + i);
          case 1 -> client.send("HSET", "h" + key, "f" + random.nextInt(50), "v" + i);
          case 2 -> client.send("ZADD", "z" + key, Integer.toString(random.nextInt(90)), "m" + i);
          case 3 -> client.send("SADD", "s" + key, "m" + random.nextInt(50));
          case 4 -> client.send("SPOP", "s" + key);
          case 5 -> client.send("DEL", "l" + key, "k" + key);
          case 6 -> client.send("SET", "k" + key, "v" + i, "EX", "1000");
          default -> client.send("SET", "k" + key, "v".repeat(random.nextInt(300)));
        }
      }
      client.flush();
      for (int i = 0; i < commands; i++) {
        client.receive();
      }
    }
  }

  @Test
  void shouldFollowThroughAChainAndAnswerWait() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    fill(master, 1, 20_000);
    ChronolithProcess middle = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(middle);
    ChronolithProcess last = replica("c", ChronolithProcess.freePort(), middle);
    awaitLink(last);
    fill(master, 2, 20_000);
    assertSame(master, middle);
    assertSame(master, last);
    try (RespClient client = master.connect()) {
      assertEquals("OK", client.call("SELECT", "5"));
      assertEquals("OK", client.call("MULTI"));
      client.call("SET", "in", "five");
      client.call("INCR", "counter");
      client.call("EXEC");
      assertEquals(1L, client.call("WAIT", "1", "20000"));
      long begunMs = System.currentTimeMillis();
      assertEquals(1L, client.call("WAIT", "2", "300"));
      assertTrue(System.currentTimeMillis() - begunMs >= 300);
    }
    try (RespClient client = last.connect()) {
      client.call("SELECT", "5");
      await("the value at the end of the chain", () -> "five".equals(client.call("GET", "in")));
      RespClient.ErrorReply refused =
          assertThrows(RespClient.ErrorReply.class, () -> client.call("SET", "a", "b"));
      assertEquals("READONLY You can't write against a read only replica.", refused.getMessage());
    }
    assertEquals("1", info(master, "stats", "sync_full"));
    assertEquals("1", info(middle, "stats", "sync_full"));
    assertEquals("0", info(master, "stats", "sync_partial_err"));
  }

  @Test
  void shouldReplicateValuesLargerThanARecordAndKeepThemOverARestart() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    String large = "large".repeat(4_000_000);
    call(master, "SET", "large", large);
    call(master, "SET", "small", "1");
    assertSame(master, replica);
    assertEquals((long) large.length(), call(replica, "STRLEN", "large"));
    replica.kill();
    ChronolithProcess again = replica("b", replica.port(), master);
    assertSame(master, again);
    assertEquals("0", info(master, "stats", "sync_partial_err"));
    assertEquals("1", info(master, "stats", "sync_full"));
  }

  @Test
  void shouldNotSyncAnEmptyMasterTwice() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    replica.kill();
    ChronolithProcess again = replica("b", replica.port(), master);
    assertSame(master, again);
    assertEquals("1", info(master, "stats", "sync_full"));
    assertEquals("1", info(master, "stats", "sync_partial_ok"));
  }

  @Test
  void shouldContinueFromLogAfterReplicaRestart() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    fill(master, 3, 5_000);
    assertSame(master, replica);
    for (int round = 1; round <= 2; round++) {
      if (round == 1) {
        replica.kill();
      } else {
        replica.stop();
      }
      fill(master, round, 5_000);
      replica = replica("b", replica.port(), master);
      assertSame(master, replica);
      assertEquals(Integer.toString(round), info(master, "stats", "sync_partial_ok"));
    }
    assertEquals("1", info(master, "stats", "sync_full"));
  }

  @Test
  void shouldContinueFromLogAfterMasterRestart() throws InterruptedException {
    int port = ChronolithProcess.freePort();
    ChronolithProcess master = start("a", port);
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    AtomicLong acknowledged = new AtomicLong();
    for (int round = 0; round < 3; round++) {
      Thread writer = new Thread(() -> count(port, acknowledged), "writer");
      long before = acknowledged.get();
      writer.start();
      await("writes", () -> acknowledged.get() > before + 20_000);
      master.kill();
      writer.join();
      master = start("a", port);
      long value = Long.parseLong((String) call(master, "GET", "counter"));
      assertTrue(value >= acknowledged.get(), value + " instead of at least " + acknowledged.get());
      acknowledged.set(value);
      assertSame(master, replica);
      assertEquals("0", info(master, "stats", "sync_full"));
      assertEquals("1", info(master, "stats", "sync_partial_ok"));
    }
  }

  /** Increments a key, many at a time, until the server is gone. */
  private static void count(int port, AtomicLong acknowledged) {
    try (RespClient client = new RespClient(port)) {
      while (true) {
        for (int i = 0; i < 100; i++) {
          client.send("INCR", "counter");
        }
        client.flush();
        for (int i = 0; i < 100; i++) {
          acknowledged.set((Long) client.receive());
        }
      }
    } catch (RespClient.Disconnected e) {
      assertNotEquals(0, acknowledged.get());
    }
  }

  @Test
  void shouldPromoteAReplicaAndReattachItsSiblingAndTheOldMaster() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess promoted = replica("b", ChronolithProcess.freePort(), master);
    ChronolithProcess sibling = replica("c", ChronolithProcess.freePort(), master);
    awaitLink(promoted);
    awaitLink(sibling);
    fill(master, 5, 5_000);
    assertSame(master, promoted);
    assertSame(master, sibling);
    String oldId = info(master, "replication", "master_replid");
    master.kill();
    final long end = offset(promoted);
    assertEquals("OK", call(promoted, "SLAVEOF", "NO", "ONE"));
    assertEquals(oldId, info(promoted, "replication", "master_replid2"));
    assertEquals(Long.toString(end + 1), info(promoted, "replication", "second_repl_offset"));
    fill(promoted, 6, 1_000);
    call(sibling, "SLAVEOF", "127.0.0.1", Integer.toString(promoted.port()));
    assertSame(promoted, sibling);
    assertEquals("1", info(promoted, "stats", "sync_partial_ok"));
    assertEquals("0", info(promoted, "stats", "sync_full"));

    // It has nothing that the others lack: under its old id it stands where they parted.
    ChronolithProcess back = start("a", master.port());
    call(back, "SLAVEOF", "127.0.0.1", Integer.toString(promoted.port()));
    assertSame(promoted, back);
    assertEquals("2", info(promoted, "stats", "sync_partial_ok"));
    assertEquals("0", info(promoted, "stats", "sync_full"));
  }

  @Test
  void shouldGiveUpAHistoryWithoutACommonPastForAFullSync() {
    ChronolithProcess one = start("a", ChronolithProcess.freePort());
    ChronolithProcess two = start("b", ChronolithProcess.freePort());
    fill(one, 7, 2_000);
    fill(two, 8, 1_000);
    call(one, "SET", "only", "one");
    call(two, "SET", "only", "two");
    call(two, "SET", "more", "two");
    ChronolithProcess below = replica("c", ChronolithProcess.freePort(), one);
    awaitLink(below);
    call(one, "REPLICAOF", "127.0.0.1", Integer.toString(two.port()));
    await("the other's value", () -> "two".equals(call(one, "GET", "only")));
    assertSame(two, one);
    assertSame(two, below);
    assertEquals("1", info(two, "stats", "sync_full"));
    // The new data set is the live one on disk, too.
    one.kill();
    ChronolithProcess again = start("a", one.port());
    assertEquals("two", call(again, "GET", "only"));
    assertEquals("two", call(again, "GET", "more"));
  }

  @Test
  void shouldCatchUpAfterALinkWasCut() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    fill(master, 8, 2_000);
    call(replica, "REPLICAOF", "127.0.0.1", "1");
    await(
        "the link to go", () -> info(replica, "replication", "master_link_status").equals("down"));
    fill(master, 9, 2_000);
    call(replica, "REPLICAOF", "127.0.0.1", Integer.toString(master.port()));
    assertSame(master, replica);
    assertEquals("1", info(master, "stats", "sync_full"));
    assertEquals("1", info(master, "stats", "sync_partial_ok"));
    for (int round = 0; round < 10; round++) {
      boolean fromBelow = round % 2 == 0;
      call(
          fromBelow ? replica : master, "CLIENT", "KILL", "TYPE", fromBelow ? "master" : "replica");
      fill(master, round, 500);
      assertSame(master, replica);
    }
    assertEquals("1", info(master, "stats", "sync_full"));
  }
}
