package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real redis-server that follows a Chronolith, and redis-cli that fetches an RDB. */
@Tag("slow")
@RequiresRedis
class StockReplicaIT {
  private static final long DEADLINE_S = 60;
  @TempDir Path directory;

  @Test
  void shouldFeedARedisServerWithAnRdbAndThenTheStream() throws IOException {
    Path redisDirectory = Files.createDirectories(directory.resolve("redis"));
    try (ChronolithProcess master =
            ChronolithProcess.start(
                directory.resolve("master"),
                ChronolithProcess.freePort(),
                "--enable-debug-command",
                "yes");
        RespClient client = master.connect()) {
      fill(client);
      try (RedisServerProcess redis =
              RedisServerProcess.start(
                  redisDirectory,
                  "--enable-debug-command",
                  "yes",
                  "--replicaof",
                  "127.0.0.1 " + master.port());
          RespClient replica = new RespClient(redis.port())) {
        await(() -> replica.info("replication", "master_link_status").equals("up"));
        assertTrue(redis.output().contains("receiving streamed RDB from master with EOF"));
        client.call("SELECT", "3");
        client.call("SET", "later", "in three");
        client.call("SELECT", "0");
        client.call("INCR", "counter");
        assertEquals(1L, client.call("WAIT", "1", "20000"));
        assertEquals(client.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));

        // The link is cut and the log goes on where it was.
        client.call("CLIENT", "KILL", "TYPE", "replica");
        client.call("INCR", "counter");
        await(() -> "2".equals(replica.call("GET", "counter")));
        Supplier<String> logs = () -> redis.output() + master.output();
        assertEquals("1", client.info("stats", "sync_full"), logs);
        assertEquals("1", client.info("stats", "sync_partial_ok"), logs);

        // It takes over, and gives it back: nobody copies anything.
        client.call("FAILOVER", "TO", "127.0.0.1", Integer.toString(redis.port()));
        await(() -> "master".equals(replica.info("replication", "role")));
        assertEquals("3", replica.call("INCR", "counter").toString());
        await(() -> "3".equals(client.call("GET", "counter")));
        assertEquals("0", replica.info("stats", "sync_full"));
        await(() -> ((String) replica.call("INFO", "replication")).contains("state=online"));
        replica.call("FAILOVER", "TO", "127.0.0.1", Integer.toString(master.port()));
        await(() -> "master".equals(client.info("replication", "role")));
        assertEquals("4", client.call("INCR", "counter").toString());
        await(() -> "4".equals(replica.call("GET", "counter")));
        assertEquals("1", client.info("stats", "sync_full"));
        assertEquals(client.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
      }
    }
  }

  /** A redis-server of 7.0 announces none. */
  @Test
  void shouldWriteTheVersionOfTheRdbByWhatTheReplicaSaysItIs() throws IOException {
    try (ChronolithProcess master =
            ChronolithProcess.start(directory.resolve("master"), ChronolithProcess.freePort());
        RespClient client = master.connect()) {
      client.call("ZADD", "scored", "1.5", "member");
      assertEquals("REDIS0009", headerOfRdb(master.port(), "capa eof"));
      assertEquals("REDIS0009", headerOfRdb(master.port(), "version 8.0.1 capa eof"));
      assertEquals("REDIS0008", headerOfRdb(master.port(), "capa eof version 4.0.14"));
      assertEquals("REDIS0007", headerOfRdb(master.port(), "version 3.2.13"));
      assertEquals(
          "ERR no RDB is written that a server 2.4.18 reads",
          assertThrows(
                  RespClient.ErrorReply.class, () -> client.call("REPLCONF", "version", "2.4.18"))
              .getMessage());
      assertEquals(
          "ERR Unrecognized version format: seven",
          assertThrows(
                  RespClient.ErrorReply.class, () -> client.call("REPLCONF", "version", "seven"))
              .getMessage());
    }
  }

  private static String headerOfRdb(int port, String announced) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(DEADLINE_S));
      String request = "REPLCONF " + announced + "\r\nPSYNC ? -1\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      StringBuilder read = new StringBuilder();
      Matcher header = Pattern.compile("REDIS\\d{4}").matcher(read);
      while (!header.reset().find()) {
        int next = socket.getInputStream().read();
        assertTrue(next >= 0, read.toString());
        read.append((char) next);
      }
      return header.group();
    }
  }

  @Test
  void shouldContinueARedisServerAfterAKillAndAStop() throws IOException {
    Path data = directory.resolve("master");
    int port = ChronolithProcess.freePort();
    String[] directives = {"--enable-debug-command", "yes"};
    ChronolithProcess master = ChronolithProcess.start(data, port, directives);
    try (RedisServerProcess redis =
            RedisServerProcess.start(
                Files.createDirectories(directory.resolve("redis")),
                "--enable-debug-command",
                "yes",
                "--replicaof",
                "127.0.0.1 " + port);
        RespClient replica = new RespClient(redis.port())) {
      try (RespClient client = master.connect()) {
        fill(client);
        await(() -> replica.info("replication", "master_link_status").equals("up"));
        assertEquals(1L, client.call("WAIT", "1", "20000"));
      }
      for (boolean clean : new boolean[] {false, true}) {
        if (clean) {
          master.stop();
        } else {
          master.kill();
        }
        master = ChronolithProcess.start(data, port, directives);
        try (RespClient client = master.connect()) {
          String value = "after a " + (clean ? "stop" : "kill");
          client.call("SET", "plain", value);
          await(() -> value.equals(replica.call("GET", "plain")));
          client.call("WAIT", "1", "20000");
          assertEquals(client.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
          assertEquals("0", client.info("stats", "sync_full"));
          assertEquals("1", client.info("stats", "sync_partial_ok"));
        }
      }
    } finally {
      master.close();
    }
  }

  /** What one does not take must not keep the others waiting, nor gather in memory. */
  @Test
  void shouldStreamToSeveralAtATimeWhileOneStandsStill() throws IOException {
    try (ChronolithProcess master =
            ChronolithProcess.start(
                directory.resolve("master"),
                ChronolithProcess.freePort(),
                "--enable-debug-command",
                "yes",
                "--repl-full-sync-rate-limit",
                "8mb");
        RespClient client = master.connect()) {
      for (int i = 0; i < 32; i++) {
        client.call("SET", "mebibyte " + i, "x".repeat(1 << 20));
      }
      String follow = "127.0.0.1 " + master.port();
      try (RedisServerProcess first = redis("first", "--replicaof", follow);
          RespClient ofFirst = new RespClient(first.port())) {
        await(() -> first.output().contains("receiving streamed RDB from master with EOF"));
        first.freeze();
        client.call("CONFIG", "SET", "repl-full-sync-rate-limit", "0");
        try (RedisServerProcess second = redis("second", "--replicaof", follow);
            RedisServerProcess third = redis("third", "--replicaof", follow);
            RespClient ofSecond = new RespClient(second.port());
            RespClient ofThird = new RespClient(third.port())) {
          client.call("SET", "while it is sent", "1");
          awaitFollowing(ofSecond, "while it is sent");
          awaitFollowing(ofThird, "while it is sent");
        }
        assertTrue(client.info("replication", "slave0").contains("state=send_bulk"));
        first.thaw();
        awaitFollowing(ofFirst, "while it is sent");
        assertEquals(client.call("DEBUG", "DIGEST"), ofFirst.call("DEBUG", "DIGEST"));
      }
    }
  }

  @Test
  void shouldSendARedisServerAFileWithoutDisklessSync() throws IOException {
    try (ChronolithProcess master =
            ChronolithProcess.start(
                directory.resolve("master"),
                ChronolithProcess.freePort(),
                "--enable-debug-command",
                "yes",
                "--repl-diskless-sync",
                "no");
        RespClient client = master.connect()) {
      fill(client);
      try (RedisServerProcess redis = redis("redis", "--replicaof", "127.0.0.1 " + master.port());
          RespClient replica = new RespClient(redis.port())) {
        await(() -> replica.info("replication", "master_link_status").equals("up"));
        assertTrue(redis.output().matches("(?s).*receiving [0-9]+ bytes from master.*"));
        client.call("INCR", "counter");
        assertEquals(1L, client.call("WAIT", "1", "20000"));
        assertEquals(client.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
      }
    }
  }

  private static void awaitFollowing(RespClient replica, String key) {
    // It refuses everything else while it loads.
    await(() -> replica.info("replication", "master_link_status").equals("up"));
    await(() -> "1".equals(replica.call("GET", key)));
  }

  private RedisServerProcess redis(String name, String... directives) throws IOException {
    List<String> all = new ArrayList<>(List.of("--enable-debug-command", "yes"));
    all.addAll(List.of(directives));
    return RedisServerProcess.start(
        Files.createDirectories(directory.resolve(name)), all.toArray(String[]::new));
  }

  @Test
  void shouldGiveRedisCliAnRdb() throws IOException, InterruptedException {
    try (ChronolithProcess master =
            ChronolithProcess.start(directory.resolve("master"), ChronolithProcess.freePort());
        RespClient client = master.connect()) {
      fill(client);
      Path rdb = directory.resolve("dump.rdb");
      run("redis-cli", "-p", Integer.toString(master.port()), "--rdb", rdb.toString());
      run("redis-check-rdb", rdb.toString());
      assertTrue(output().contains("[info] 21 keys read"), output());
      // There are none, and it has nothing else either.
      run("redis-cli", "-p", "" + master.port(), "--functions-rdb", rdb.toString());
      run("redis-check-rdb", rdb.toString());
      assertTrue(output().contains("[info] 0 keys read"), output());
    }
  }

  private String output() throws IOException {
    return Files.readString(directory.resolve("output.txt"));
  }

  private void run(String... command) throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(DEADLINE_S, TimeUnit.SECONDS), command[0]);
    assertEquals(0, process.exitValue(), Files.readString(output));
  }

  private static void fill(RespClient client) {
    Random random = new Random(4);
    client.call("SET", "plain", "value");
    client.call("SET", "expiring", "value", "PX", "100000000");
    client.call("SET", "binary", "\u0000\u00ff\r\n");
    client.call("SET", "huge", "x".repeat(3_000_000));
    client.call("SET", "1 MB", "y".repeat(1 << 20));
    for (int i = 0; i < 700; i++) {
      client.call("RPUSH", "list", "element" + i, "y".repeat(random.nextInt(200)));
      client.call("HSET", "hash", "field" + i, "value" + i);
      client.call("ZADD", "zset", Double.toString(random.nextGaussian()), "member" + i);
      client.call("SADD", "set", "member" + i, Integer.toString(i));
      client.call("RPUSH", "small" + i % 10, Integer.toString(i));
    }
    client.call("ZADD", "edges", "inf", "a", "-inf", "b", "0", "c");
    client.call("SELECT", "3");
    client.call("SADD", "other", "database");
    client.call("SELECT", "0");
  }
}
