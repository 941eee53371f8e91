package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.chronolith.server.testing.SortAndPlaceCommands;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random sorts, places and payloads from a redis-server to Chronolith, and the other way round. */
@Tag("slow")
@RequiresRedis
class SortAndPlaceReplicationIT {
  private static final int ROUNDS = 3;
  private static final int COMMANDS_A_ROUND = 2000;
  private static final long DEADLINE_S = 60;
  @TempDir Path directory;

  @Test
  void shouldHaveTheMastersDataAfterRandomSortsAndPlacesAndPayloads() throws IOException {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    Random random = new Random(seed);
    SortAndPlaceCommands commands = new SortAndPlaceCommands(random);
    try (RedisServerProcess redis =
            RedisServerProcess.start(
                Files.createDirectory(directory.resolve("redis")),
                "--enable-debug-command",
                "yes",
                "--repl-backlog-size",
                "64mb");
        RespClient master = new RespClient(redis.port())) {
      for (int round = 0; round < ROUNDS; round++) {
        try (ChronolithProcess node = follow(redis)) {
          run(master, commands, random, COMMANDS_A_ROUND);
          awaitEqual(master, node, "chronolith.seed=" + seed);
          run(master, commands, random, COMMANDS_A_ROUND);
          // In the midst of it: what it has applied by then is its own affair.
          node.kill();
        }
        run(master, commands, random, COMMANDS_A_ROUND);
      }
      try (ChronolithProcess node = follow(redis)) {
        awaitEqual(master, node, "chronolith.seed=" + seed);
        assertEquals("1", master.info("stats", "sync_full"), "chronolith.seed=" + seed);
      }
    }
  }

  /** What is stored is sent as what it is: even distances are the same to the bit. */
  @Test
  void shouldGiveAStockReplicaTheSameData() throws IOException {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    Random random = new Random(seed);
    SortAndPlaceCommands commands = new SortAndPlaceCommands(random);
    try (ChronolithProcess node = start();
        RespClient master = node.connect();
        RedisServerProcess redis =
            RedisServerProcess.start(
                Files.createDirectory(directory.resolve("redis")),
                "--enable-debug-command",
                "yes",
                "--replicaof",
                "127.0.0.1 " + node.port());
        RespClient replica = new RespClient(redis.port())) {
      for (int i = 0; i < 20; i++) {
        run(master, commands, random, COMMANDS_A_ROUND / 20);
        master.call("DEL", "g0");
        master.call("GEOADD", "g0", "13.36", "38.11", "near", "-" + i + ".5", "-48.1", "far");
        master.call(
            ("GEOSEARCHSTORE d0 g0 FROMLONLAT 15 37 BYRADIUS 30000 km STOREDIST").split(" "));
        master.call("MULTI");
        master.call("SORT", "l0", "BY", "constant", "STORE", "d1");
        master.call("GEORADIUS", "g0", "15", "37", "30000", "km", "STOREDIST", "d2");
        master.call("EXEC");
      }
      awaitEqual(master, replica, "chronolith.seed=" + seed, node::output);
    }
  }

  private static void run(
      RespClient master, SortAndPlaceCommands commands, Random random, int count) {
    int refused = 0;
    for (int i = 0; i < count; i++) {
      List<String> words = random.nextInt(10) == 0 ? restore(master, commands, random) : null;
      try {
        master.call((words == null ? commands.next() : words).toArray(String[]::new));
      } catch (RespClient.ErrorReply wrongType) {
        // Of no effect, which is what the replica has to find.
        refused++;
      }
    }
    assertTrue(refused * 10 < count * 9, refused + " refused");
  }

  private static List<String> restore(
      RespClient master, SortAndPlaceCommands commands, Random random) {
    Object payload = master.call("DUMP", commands.any());
    if (payload == null) {
      return null;
    }
    List<String> words = new ArrayList<>(List.of("RESTORE", commands.targetOfAny()));
    words.add(random.nextBoolean() ? "0" : "100000000");
    words.add((String) payload);
    words.addAll(random.nextInt(4) == 0 ? List.of() : List.of("REPLACE", "FREQ", "1"));
    return words;
  }

  private ChronolithProcess follow(RedisServerProcess redis) {
    return start("--replicaof", "127.0.0.1 " + redis.port());
  }

  private ChronolithProcess start(String... more) {
    List<String> directives = new ArrayList<>(List.of("--enable-debug-command", "yes"));
    directives.addAll(List.of(more));
    return ChronolithProcess.start(
        directory.resolve("chronolith"),
        ChronolithProcess.freePort(),
        directives.toArray(String[]::new));
  }

  private static void awaitEqual(RespClient master, ChronolithProcess node, String said) {
    try (RespClient replica = node.connect()) {
      awaitEqual(master, replica, said, node::output);
    }
  }

  private static void awaitEqual(
      RespClient master, RespClient replica, String said, Supplier<String> output) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!"up".equals(replica.info("replication", "master_link_status"))
        || !replica
            .info("replication", "master_repl_offset")
            .equals(master.info("replication", "master_repl_offset"))) {
      assertTrue(
          System.nanoTime() < deadline,
          () -> said + ": " + replica.call("INFO", "replication") + output.get());
      Thread.onSpinWait();
    }
    assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"), said);
  }
}
