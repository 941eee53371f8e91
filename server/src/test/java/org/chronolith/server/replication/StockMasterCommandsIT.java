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
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.chronolith.server.testing.SortAndPlaceCommands;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Chronolith that follows a redis-server which runs commands from a seed, and is killed. */
@Tag("slow")
@RequiresRedis
class StockMasterCommandsIT {
  private static final int ROUNDS = 3;
  private static final int COMMANDS_A_ROUND = 4000;
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
          run(master, commands, random);
          awaitEqual(master, node, "chronolith.seed=" + seed);
          run(master, commands, random);
          // In the midst of it: what it has applied by then is its own affair.
          node.kill();
        }
        run(master, commands, random);
      }
      try (ChronolithProcess node = follow(redis)) {
        awaitEqual(master, node, "chronolith.seed=" + seed);
        assertEquals("1", master.info("stats", "sync_full"), "chronolith.seed=" + seed);
      }
    }
  }

  private static void run(RespClient master, SortAndPlaceCommands commands, Random random) {
    int refused = 0;
    for (int i = 0; i < COMMANDS_A_ROUND; i++) {
      List<String> words = random.nextInt(10) == 0 ? restore(master, commands, random) : null;
      try {
        master.call((words == null ? commands.next() : words).toArray(String[]::new));
      } catch (RespClient.ErrorReply wrongType) {
        // Of no effect, which is what the replica has to find.
        refused++;
      }
    }
    assertTrue(refused < COMMANDS_A_ROUND / 2, refused + " refused");
  }

  private static List<String> restore(
      RespClient master, SortAndPlaceCommands commands, Random random) {
    Object payload = master.call("DUMP", commands.any());
    if (payload == null) {
      return null;
    }
    List<String> words = new ArrayList<>(List.of("RESTORE", commands.target()));
    words.add(random.nextBoolean() ? "0" : "100000000");
    words.add((String) payload);
    words.addAll(random.nextInt(4) == 0 ? List.of() : List.of("REPLACE", "FREQ", "1"));
    return words;
  }

  private ChronolithProcess follow(RedisServerProcess redis) {
    return ChronolithProcess.start(
        directory.resolve("chronolith"),
        ChronolithProcess.freePort(),
        "--enable-debug-command",
        "yes",
        "--replicaof",
        "127.0.0.1 " + redis.port());
  }

  private static void awaitEqual(RespClient master, ChronolithProcess node, String said) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    try (RespClient replica = node.connect()) {
      while (!"up".equals(replica.info("replication", "master_link_status"))
          || !replica
              .info("replication", "master_repl_offset")
              .equals(master.info("replication", "master_repl_offset"))) {
        assertTrue(
            System.nanoTime() < deadline,
            () -> said + ": " + replica.call("INFO", "replication") + node.output());
        Thread.onSpinWait();
      }
      assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"), said);
    }
  }
}
