package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.awaitCaughtUp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RandomEdits;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real redis-server whose clients change bits, HyperLogLogs, lists and numbers in hashes at
 * random, and Chronolith as its replica, which is killed and stopped meanwhile.
 */
@Tag("slow")
@RequiresRedis
class StockMasterEditsIT {
  private static final int COMMANDS_PER_ROUND = 6_000;
  private static final int PIPELINE = 100;

  @TempDir Path directory;

  @Test
  void shouldBeEqualToARedisMasterThroughKillsAndRestarts() throws IOException {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    try {
      run(new RandomEdits(new Random(seed)));
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("chronolith.seed=" + seed, e);
    }
  }

  private void run(RandomEdits edits) throws IOException {
    try (RedisServerProcess redis =
            RedisServerProcess.start(
                Files.createDirectories(directory.resolve("redis")),
                "--enable-debug-command",
                "yes",
                "--repl-diskless-sync-delay",
                "0");
        RespClient master = new RespClient(redis.port())) {
      send(master, edits.large());
      // Some of the commands below find their keys in the full sync, others in the stream.
      write(master, edits, COMMANDS_PER_ROUND / 4);
      for (int round = 0; round < 3; round++) {
        try (ChronolithProcess node = follow(redis);
            RespClient replica = node.connect()) {
          awaitEqual(master, replica);
          write(master, edits, COMMANDS_PER_ROUND);
          if (round == 1) {
            replica.call("BGSAVE");
            write(master, edits, COMMANDS_PER_ROUND / 4);
          }
          awaitEqual(master, replica);
          if (round < 2) {
            node.kill();
          } else {
            assertEquals(0, node.stop());
          }
        }
        write(master, edits, COMMANDS_PER_ROUND / 4);
      }
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        assertEquals("1", master.info("stats", "sync_full"));
      }
    }
  }

  private static void write(RespClient master, RandomEdits edits, int commands) {
    for (int done = 0; done < commands; done += PIPELINE) {
      send(master, java.util.stream.Stream.generate(edits::next).limit(PIPELINE).toList());
    }
  }

  private static void send(RespClient client, List<List<String>> commands) {
    commands.forEach(command -> client.send(command.toArray(String[]::new)));
    client.flush();
    for (List<String> command : commands) {
      try {
        client.receive();
      } catch (RespClient.ErrorReply e) {
        // Random arguments are wrong at times; what redis-server refuses changes nothing.
        assertTrue(REFUSALS.stream().anyMatch(e.getMessage()::startsWith), command + ": " + e);
      }
    }
  }

  private static final List<String> REFUSALS =
      List.of("ERR no such key", "ERR index out of range", "ERR value is not a valid float");

  private ChronolithProcess follow(RedisServerProcess redis) {
    return ChronolithProcess.start(
        directory.resolve("chronolith"),
        ChronolithProcess.freePort(),
        "--enable-debug-command",
        "yes",
        "--replicaof",
        "127.0.0.1 " + redis.port());
  }

  private static void awaitEqual(RespClient master, RespClient replica) {
    awaitCaughtUp(master, replica);
    assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
  }
}
