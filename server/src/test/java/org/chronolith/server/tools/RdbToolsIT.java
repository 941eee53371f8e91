package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RDBs that a real redis-server writes and reads. */
@Tag("slow")
@RequiresRedis
class RdbToolsIT {
  private static final long DEADLINE_S = 30;
  private static final int ELEMENTS = 600;
  @TempDir Path root;

  @Test
  void shouldImportFromAndExportToARedisServer() throws Exception {
    String digest;
    try (RedisServerProcess redis = redis("first");
        RespClient client = new RespClient(redis.port())) {
      fill(client);
      digest = (String) client.call("DEBUG", "DIGEST");
      client.call("SAVE");
    }
    Path into = root.resolve("into");
    DataFixture.Run made =
        DataFixture.tool(
            "import", root.resolve("first/dump.rdb").toString(), "--dir", into.toString());
    assertEquals(0, made.code(), made.err());
    assertTrue(made.out().contains("written by 7.0"), made.out());
    try (DataFixture node = new DataFixture(into)) {
      assertEquals(digest, HexFormat.of().formatHex(node.digest()));
    }

    Path back = Files.createDirectories(root.resolve("second")).resolve("dump.rdb");
    DataFixture.Run export = DataFixture.tool("export", into.toString(), back.toString());
    assertEquals(0, export.code(), export.err());
    check(back);
    try (RedisServerProcess redis = redis("second");
        RespClient client = new RespClient(redis.port())) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
    }
  }

  @Test
  void shouldExportWhatAReplicaGoesOnFrom() throws Exception {
    Path dir = root.resolve("node");
    int port = ChronolithProcess.freePort();
    try (ChronolithProcess node = ChronolithProcess.start(dir, port)) {
      node.call("SET", "exported", "yes");
      assertEquals(0, node.stop());
    }
    Path dump = Files.createDirectories(root.resolve("replica")).resolve("dump.rdb");
    DataFixture.Run export = DataFixture.tool("export", dir.toString(), dump.toString());
    assertEquals(0, export.code(), export.err());
    try (ChronolithProcess node = ChronolithProcess.start(dir, port)) {
      node.call("SET", "written", "since");
      try (RedisServerProcess redis =
              RedisServerProcess.start(
                  dump.getParent(), "--replicaof", "127.0.0.1", Integer.toString(port));
          RespClient client = new RespClient(redis.port())) {
        assertEquals(1L, node.call("WAIT", "1", Long.toString(TimeUnit.SECONDS.toMillis(30))));
        assertEquals("since", client.call("GET", "written"));
        assertEquals("yes", client.call("GET", "exported"));
      }
      assertEquals(1, node.number("stats", "sync_partial_ok"));
      assertEquals(0, node.number("stats", "sync_full"));
    }
  }

  @Test
  void shouldLeaveAnRdbWithASaveWhereThatIsAskedFor() throws Exception {
    Path dir = Files.createDirectories(root.resolve("node"));
    Files.write(dir.resolve("dump.rdb"), new byte[] {1});
    String digest;
    try (ChronolithProcess node =
            ChronolithProcess.start(
                dir, ChronolithProcess.freePort(), "--enable-debug-command", "yes");
        RespClient client = node.connect()) {
      node.awaitLine("is of a redis-server and is not loaded");
      fill(client);
      digest = (String) client.call("DEBUG", "DIGEST");
      client.call("SAVE");
      assertEquals(1, Files.size(dir.resolve("dump.rdb")));

      assertEquals("OK", client.call("CONFIG", "SET", "bgsave-rdb", "yes"));
      assertEquals("OK", client.call("SAVE"));
      Path saved = Files.createDirectories(root.resolve("saved")).resolve("dump.rdb");
      Files.copy(dir.resolve("dump.rdb"), saved);
      check(saved);

      client.call("SET", "string", "changed");
      digest = (String) client.call("DEBUG", "DIGEST");
      client.call("BGSAVE");
      awaitSaved(client);
      assertEquals("ok", client.info("persistence", "rdb_last_bgsave_status"));
      Files.copy(
          dir.resolve("dump.rdb"),
          Files.createDirectories(root.resolve("again")).resolve("dump.rdb"));

      // A directory where the file is to be made: it cannot be written.
      Files.createDirectories(dir.resolve("dump.rdb.making/x"));
      RespClient.ErrorReply refused =
          assertThrows(RespClient.ErrorReply.class, () -> client.call("SAVE"));
      assertTrue(
          refused.getMessage().contains("the RDB could not be written"), refused.getMessage());
      assertEquals("err", client.info("persistence", "rdb_last_bgsave_status"));
    }
    try (RedisServerProcess redis = redis("again");
        RespClient client = new RespClient(redis.port())) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
    }
  }

  private static void awaitSaved(RespClient client) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!"0".equals(client.info("persistence", "rdb_bgsave_in_progress"))) {
      assertTrue(System.nanoTime() < deadline, "too late");
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private RedisServerProcess redis(String name) throws IOException {
    return RedisServerProcess.start(
        Files.createDirectories(root.resolve(name)), "--enable-debug-command", "yes");
  }

  private static void fill(RespClient client) {
    client.call("SET", "string", "value");
    client.call("SET", "number", "1234567");
    client.call("SET", "packed", "abc".repeat(10_000));
    client.call("SET", "expires", "v", "PXAT", "4102444800123");
    for (int i = 0; i < ELEMENTS; i++) {
      client.call("RPUSH", "list", "element" + i);
      client.call("SADD", "set", "member" + i);
      client.call("SADD", "ints", Integer.toString(i * 1000));
      client.call("HSET", "hash", "field" + i, "v".repeat(i % 90));
      client.call("ZADD", "zset", Double.toString(i / 7.0), "member" + i);
      client.call("RPUSH", "small list " + i % 50, Integer.toString(i));
      client.call("HSET", "small hash " + i % 50, "f" + i, Integer.toString(-i));
      client.call("ZADD", "small zset " + i % 50, Integer.toString(i), "m" + i);
    }
    client.call("SELECT", "9");
    client.call("SET", "in nine", "v");
    client.call("SELECT", "0");
  }

  private void check(Path rdb) throws IOException, InterruptedException {
    Path output = root.resolve("output.txt");
    Process process =
        new ProcessBuilder("redis-check-rdb", rdb.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(DEADLINE_S, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), Files.readString(output));
  }
}
