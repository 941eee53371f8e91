package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
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
