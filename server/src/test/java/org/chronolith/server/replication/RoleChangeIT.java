package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: {@code REPLICAOF} while a full sync is under way. */
@Tag("slow")
class RoleChangeIT extends RealNodes {
  private static final long DEADLINE_S = 60;

  private ChronolithProcess first;
  private ChronolithProcess second;
  private ChronolithProcess node;
  private LinkProxy way;

  RoleChangeIT() {
    super("--save", "");
  }

  @BeforeEach
  void startAll() {
    first = start("a");
    second = start("b");
    node = start("c");
    way = proxyOf(first);
    fill(first, "first", 4_000);
    fill(second, "second", 500);
    node.call("SET", "own", "1");
  }

  /** Values that do not compress, so that the files are as large. */
  private static void fill(ChronolithProcess to, String prefix, int count) {
    Random random = new Random(count);
    try (RespClient client = to.connect()) {
      for (int i = 0; i < count; i++) {
        StringBuilder value = new StringBuilder();
        while (value.length() < 1000) {
          value.append(Long.toString(random.nextLong(), 36));
        }
        client.send("SET", prefix + i, value.toString());
      }
      client.flush();
      for (int i = 0; i < count; i++) {
        client.receive();
      }
    }
  }

  private Object follow(int port) {
    return node.call("REPLICAOF", "127.0.0.1", Integer.toString(port));
  }

  /** Has it begin a full sync that takes long. */
  private void beginSync() {
    way.slow(200_000);
    assertEquals("OK", follow(way.port()));
    await(
        "bytes of the data set",
        () ->
            "1".equals(node.info("replication", "master_sync_in_progress"))
                && Long.parseLong(node.info("replication", "master_sync_read_bytes")) > 0);
    assertEquals("1", node.call("GET", "own"), "it serves what it had");
  }

  @Test
  void shouldGoToAnotherMasterInTheMiddleOfAFullSync() {
    beginSync();
    assertEquals("OK Already connected to specified master", follow(way.port()));
    assertEquals("1", first.info("stats", "sync_full"));
    assertEquals("OK", follow(second.port()));
    awaitSame(second, node);
    assertEquals("0", first.info("replication", "connected_slaves"));
    assertEquals("OK", second.call("SET", "after", "1"));
    awaitSame(second, node);
  }

  @Test
  void shouldBeAMasterOfItsOwnDataInTheMiddleOfAFullSyncAndGoBack() {
    beginSync();
    String id = node.info("replication", "master_replid");
    assertEquals("OK", node.call("REPLICAOF", "NO", "ONE"));
    assertEquals("master", node.info("replication", "role"));
    assertEquals(id, node.info("replication", "master_replid2"));
    assertEquals("1", node.call("GET", "own"));
    assertEquals(1L, node.call("DBSIZE"));
    assertEquals("OK", node.call("SET", "own", "2"));
    way.heal();
    assertEquals("OK", follow(way.port()));
    awaitSame(first, node);
  }

  @Test
  void shouldEndAsTheLastCommandSaysHoweverItWasChangedBefore() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 15; round++) {
      for (int change = 1 + random.nextInt(4); change > 0; change--) {
        int what = random.nextInt(3);
        if (what == 0) {
          assertEquals("OK", node.call("REPLICAOF", "NO", "ONE"));
        } else {
          String said = (String) follow(what == 1 ? first.port() : second.port());
          assertTrue(said.startsWith("OK"), said);
        }
        // Any moment of a full sync: it takes about that long.
        LockSupport.parkNanos(random.nextInt(120_000_000));
      }
      if (random.nextBoolean()) {
        follow(first.port());
        awaitSame(first, node);
      } else {
        node.call("REPLICAOF", "NO", "ONE");
        await("the role", () -> "master".equals(node.info("replication", "role")));
        assertEquals("OK", node.call("SET", "round", "" + round), "seed " + seed);
      }
    }
    follow(second.port());
    awaitSame(second, node);
  }
}
