package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: {@code REPLICAOF} while a full sync is under way. */
@Tag("slow")
class RoleChangeIT {
  private static final long DEADLINE_S = 60;

  @TempDir Path directory;
  private final List<ChronolithProcess> processes = new ArrayList<>();
  private ChronolithProcess first;
  private ChronolithProcess second;
  private ChronolithProcess node;
  private LinkProxy way;

  @BeforeEach
  void startAll() {
    first = start("a");
    second = start("b");
    node = start("c");
    way = new LinkProxy(first.port());
    fill(first, "first", 4_000);
    fill(second, "second", 500);
    call(node, "SET", "own", "1");
  }

  @AfterEach
  void end() {
    processes.forEach(ChronolithProcess::close);
    way.close();
  }

  private ChronolithProcess start(String name) {
    ChronolithProcess started =
        ChronolithProcess.start(
            directory.resolve(name),
            ChronolithProcess.freePort(),
            "--enable-debug-command",
            "yes",
            "--save",
            "");
    processes.add(started);
    return started;
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

  private static Object call(ChronolithProcess to, String... words) {
    try (RespClient client = to.connect()) {
      return client.call(words);
    }
  }

  private static String info(ChronolithProcess of, String section, String field) {
    try (RespClient client = of.connect()) {
      return client.info(section, field);
    }
  }

  private Object follow(int port) {
    return call(node, "REPLICAOF", "127.0.0.1", Integer.toString(port));
  }

  private void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!condition.getAsBoolean()) {
      assertTrue(
          System.nanoTime() < deadline, () -> "still waiting for " + what + "\n" + node.output());
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private void awaitSameAs(ChronolithProcess master) {
    await(
        "the link",
        () ->
            "up".equals(info(node, "replication", "master_link_status"))
                && info(node, "replication", "master_repl_offset")
                    .equals(info(master, "replication", "master_repl_offset")));
    assertEquals(call(master, "DEBUG", "DIGEST"), call(node, "DEBUG", "DIGEST"));
    assertEquals(
        info(master, "replication", "master_replid"), info(node, "replication", "master_replid"));
  }

  /** Has it begin a full sync that takes long. */
  private void beginSync() {
    way.slow(200_000);
    assertEquals("OK", follow(way.port()));
    await(
        "bytes of the data set",
        () ->
            "1".equals(info(node, "replication", "master_sync_in_progress"))
                && Long.parseLong(info(node, "replication", "master_sync_read_bytes")) > 0);
    assertEquals("1", call(node, "GET", "own"), "it serves what it had");
  }

  @Test
  void shouldGoToAnotherMasterInTheMiddleOfAFullSync() {
    beginSync();
    assertEquals("OK Already connected to specified master", follow(way.port()));
    assertEquals("1", info(first, "stats", "sync_full"));
    assertEquals("OK", follow(second.port()));
    awaitSameAs(second);
    assertEquals("0", info(first, "replication", "connected_slaves"));
    assertEquals("OK", call(second, "SET", "after", "1"));
    awaitSameAs(second);
  }

  @Test
  void shouldBeAMasterOfItsOwnDataInTheMiddleOfAFullSyncAndGoBack() {
    beginSync();
    String id = info(node, "replication", "master_replid");
    assertEquals("OK", call(node, "REPLICAOF", "NO", "ONE"));
    assertEquals("master", info(node, "replication", "role"));
    assertEquals(id, info(node, "replication", "master_replid2"));
    assertEquals("1", call(node, "GET", "own"));
    assertEquals(1L, call(node, "DBSIZE"));
    assertEquals("OK", call(node, "SET", "own", "2"));
    way.heal();
    assertEquals("OK", follow(way.port()));
    awaitSameAs(first);
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
          assertEquals("OK", call(node, "REPLICAOF", "NO", "ONE"));
        } else {
          String said = (String) follow(what == 1 ? first.port() : second.port());
          assertTrue(said.startsWith("OK"), said);
        }
        // Any moment of a full sync: it takes about that long.
        LockSupport.parkNanos(random.nextInt(120_000_000));
      }
      if (random.nextBoolean()) {
        follow(first.port());
        awaitSameAs(first);
      } else {
        call(node, "REPLICAOF", "NO", "ONE");
        await("the role", () -> "master".equals(info(node, "replication", "role")));
        assertEquals("OK", call(node, "SET", "round", "" + round), "seed " + seed);
      }
    }
    follow(second.port());
    awaitSameAs(second);
  }
}
