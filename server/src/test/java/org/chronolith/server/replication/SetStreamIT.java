package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.awaitCaughtUp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RandomSetCommands;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A Chronolith that follows a real redis-server whose clients run random commands on sets and
 * sorted sets, is killed and stopped in between, and is never sent all data anew.
 */
@Tag("slow")
@RequiresRedis("redis-server")
class SetStreamIT {
  private static final int PIPELINED = 100;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"1, 500, 60, 1500", "2, 500, 700, 1500", "3, 12000, 14000, 300"})
  void shouldFollowThroughKillsAndStops(long seed, int filled, int members, int steps)
      throws IOException {
    RandomSetCommands commands = new RandomSetCommands(seed, 4, members);
    try (RedisServerProcess redis = redis();
        RespClient master = new RespClient(redis.port())) {
      master.call("SET", "before", "the full sync");
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        run(master, commands.fill(filled));
        awaitEqual(master, replica);
        // Some of what follows changes what this snapshot is about to write.
        replica.call("BGSAVE");
        for (int i = 0; i < 5; i++) {
          write(master, commands, steps);
          awaitEqual(master, replica);
        }
        node.kill();
      }
      write(master, commands, steps);
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        replica.call("BGSAVE");
        write(master, commands, steps);
        awaitEqual(master, replica);
      }
      // Stopped cleanly this time.
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        write(master, commands, steps);
        awaitEqual(master, replica);
        assertEquals("1", master.info("stats", "sync_full"));
        assertEquals("2", master.info("stats", "sync_partial_ok"));
        // As a master it goes on from there, and its own log leads to the same.
        replica.call("REPLICAOF", "NO", "ONE");
        write(replica, commands, steps);
        String digest = (String) replica.call("DEBUG", "DIGEST");
        node.kill();
        try (ChronolithProcess again = start();
            RespClient client = again.connect()) {
          assertEquals(digest, client.call("DEBUG", "DIGEST"));
        }
      }
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  /** A write's room in the log is promised before it runs, in a transaction for all at once. */
  @Test
  void shouldFollowTransactions() throws IOException {
    RandomSetCommands commands = new RandomSetCommands(9, 3, 50).faultless();
    try (RedisServerProcess redis = redis();
        RespClient master = new RespClient(redis.port());
        ChronolithProcess node = follow(redis);
        RespClient replica = node.connect()) {
      run(master, commands.fill(300));
      for (int i = 0; i < 100; i++) {
        master.call("MULTI");
        write(master, commands, 12);
        assertEquals(12, ((List<?>) master.call("EXEC")).size());
      }
      awaitEqual(master, replica);
      replica.call("REPLICAOF", "NO", "ONE");
      for (int i = 0; i < 100; i++) {
        replica.call("MULTI");
        write(replica, commands, 12);
        assertEquals(12, ((List<?>) replica.call("EXEC")).size());
      }
      // The redis-server follows what it had been followed by.
      master.call("REPLICAOF", "127.0.0.1", Integer.toString(node.port()));
      awaitEqual(replica, master);
      assertEquals("0", replica.info("stats", "sync_full"));
    }
  }

  private static void write(RespClient client, RandomSetCommands commands, int count) {
    for (int from = 0; from < count; from += PIPELINED) {
      int batch = Math.min(PIPELINED, count - from);
      for (int i = 0; i < batch; i++) {
        client.send(commands.write());
      }
      receive(client, batch);
    }
  }

  private static void run(RespClient client, List<String[]> commands) {
    commands.forEach(client::send);
    receive(client, commands.size());
  }

  private static void receive(RespClient client, int replies) {
    client.flush();
    int refused = 0;
    for (int i = 0; i < replies; i++) {
      try {
        client.receive();
      } catch (RespClient.ErrorReply e) {
        // A key of another type, one that is not there, one copied onto itself.
        refused++;
      }
    }
    assertTrue(refused <= replies / 3, "refused: " + refused + " of " + replies);
  }

  private RedisServerProcess redis() throws IOException {
    return RedisServerProcess.start(
        Files.createDirectories(directory.resolve("redis")),
        "--enable-debug-command",
        "yes",
        "--repl-backlog-size",
        "64mb",
        "--repl-diskless-sync-delay",
        "0");
  }

  private ChronolithProcess start(String... more) {
    String[] all = new String[more.length + 2];
    all[0] = "--enable-debug-command";
    all[1] = "yes";
    System.arraycopy(more, 0, all, 2, more.length);
    return ChronolithProcess.start(
        directory.resolve("chronolith"), ChronolithProcess.freePort(), all);
  }

  private ChronolithProcess follow(RedisServerProcess redis) {
    return start("--replicaof", "127.0.0.1 " + redis.port());
  }

  private static void awaitEqual(RespClient master, RespClient replica) {
    awaitCaughtUp(master, replica);
    assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
  }
}
