package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes that follow each other, are killed, restarted, promoted and re-attached. */
@Tag("slow")
class ReplicationIT extends RealNodes {
  /** Does not wait for the link. */
  private ChronolithProcess replica(String name, int port, ChronolithProcess master) {
    return start(name, port, "--replicaof", "127.0.0.1 " + master.port());
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
    awaitSame(master, middle);
    awaitSame(master, last);
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
    assertEquals("1", master.info("stats", "sync_full"));
    assertEquals("1", middle.info("stats", "sync_full"));
    assertEquals("0", master.info("stats", "sync_partial_err"));
  }

  @Test
  void shouldReplicateValuesLargerThanARecordAndKeepThemOverARestart() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    String large = "large".repeat(4_000_000);
    master.call("SET", "large", large);
    master.call("SET", "small", "1");
    awaitSame(master, replica);
    assertEquals((long) large.length(), replica.call("STRLEN", "large"));
    replica.kill();
    ChronolithProcess again = replica("b", replica.port(), master);
    awaitSame(master, again);
    assertEquals("0", master.info("stats", "sync_partial_err"));
    assertEquals("1", master.info("stats", "sync_full"));
  }

  @Test
  void shouldNotSyncAnEmptyMasterTwice() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    replica.kill();
    ChronolithProcess again = replica("b", replica.port(), master);
    awaitSame(master, again);
    assertEquals("1", master.info("stats", "sync_full"));
    assertEquals("1", master.info("stats", "sync_partial_ok"));
  }

  @Test
  void shouldContinueFromLogAfterReplicaRestart() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    fill(master, 3, 5_000);
    awaitSame(master, replica);
    for (int round = 1; round <= 2; round++) {
      if (round == 1) {
        replica.kill();
      } else {
        replica.stop();
      }
      fill(master, round, 5_000);
      replica = replica("b", replica.port(), master);
      awaitSame(master, replica);
      assertEquals(Integer.toString(round), master.info("stats", "sync_partial_ok"));
    }
    assertEquals("1", master.info("stats", "sync_full"));
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
      long value = Long.parseLong((String) master.call("GET", "counter"));
      assertTrue(value >= acknowledged.get(), value + " instead of at least " + acknowledged.get());
      acknowledged.set(value);
      awaitSame(master, replica);
      assertEquals("0", master.info("stats", "sync_full"));
      assertEquals("1", master.info("stats", "sync_partial_ok"));
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
    awaitSame(master, promoted);
    awaitSame(master, sibling);
    String oldId = master.info("replication", "master_replid");
    master.kill();
    final long end = promoted.offset();
    assertEquals("OK", promoted.call("SLAVEOF", "NO", "ONE"));
    assertEquals(oldId, promoted.info("replication", "master_replid2"));
    assertEquals(Long.toString(end + 1), promoted.info("replication", "second_repl_offset"));
    fill(promoted, 6, 1_000);
    sibling.call("SLAVEOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, sibling);
    assertEquals("1", promoted.info("stats", "sync_partial_ok"));
    assertEquals("0", promoted.info("stats", "sync_full"));

    // It has nothing that the others lack: under its old id it stands where they parted.
    ChronolithProcess back = start("a", master.port());
    back.call("SLAVEOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, back);
    assertEquals("2", promoted.info("stats", "sync_partial_ok"));
    assertEquals("0", promoted.info("stats", "sync_full"));
  }

  @Test
  void shouldGiveUpAHistoryWithoutACommonPastForAFullSync() {
    ChronolithProcess one = start("a", ChronolithProcess.freePort());
    ChronolithProcess two = start("b", ChronolithProcess.freePort());
    fill(one, 7, 2_000);
    fill(two, 8, 1_000);
    one.call("SET", "only", "one");
    two.call("SET", "only", "two");
    two.call("SET", "more", "two");
    ChronolithProcess below = replica("c", ChronolithProcess.freePort(), one);
    awaitLink(below);
    one.call("REPLICAOF", "127.0.0.1", Integer.toString(two.port()));
    await("the other's value", () -> "two".equals(one.call("GET", "only")));
    awaitSame(two, one);
    awaitSame(two, below);
    assertEquals("1", two.info("stats", "sync_full"));
    // The new data set is the live one on disk, too.
    one.kill();
    ChronolithProcess again = start("a", one.port());
    assertEquals("two", again.call("GET", "only"));
    assertEquals("two", again.call("GET", "more"));
  }

  @Test
  void shouldNotFollowItself() {
    ChronolithProcess node = start("a", ChronolithProcess.freePort());
    node.call("SET", "key", "value");
    assertEquals("OK", node.call("REPLICAOF", "127.0.0.1", Integer.toString(node.port())));
    node.awaitLine(
        "Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK Can't SYNC"
            + " while not connected with my master");
    assertEquals("down", node.info("replication", "master_link_status"));
    assertEquals("0", node.info("replication", "connected_slaves"));
    assertEquals("0", node.info("stats", "sync_partial_ok"));
    assertEquals("OK", node.call("REPLICAOF", "NO", "ONE"));
    assertEquals("OK", node.call("SET", "key", "other"));
  }

  @Test
  void shouldCatchUpAfterALinkWasCut() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica = replica("b", ChronolithProcess.freePort(), master);
    awaitLink(replica);
    fill(master, 8, 2_000);
    replica.call("REPLICAOF", "127.0.0.1", "1");
    await("the link to go", () -> replica.info("replication", "master_link_status").equals("down"));
    fill(master, 9, 2_000);
    replica.call("REPLICAOF", "127.0.0.1", Integer.toString(master.port()));
    awaitSame(master, replica);
    assertEquals("1", master.info("stats", "sync_full"));
    assertEquals("1", master.info("stats", "sync_partial_ok"));
    for (int round = 0; round < 10; round++) {
      boolean fromBelow = round % 2 == 0;
      (fromBelow ? replica : master)
          .call("CLIENT", "KILL", "TYPE", fromBelow ? "master" : "replica");
      fill(master, round, 500);
      awaitSame(master, replica);
    }
    assertEquals("1", master.info("stats", "sync_full"));
  }
}
