package org.chronolith.server.commands;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What commands about clients and about the server do, beyond their replies. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdminCommandsIT {
  private ChronolithProcess server;
  private RespClient client;
  private RespClient other;

  @BeforeAll
  void start(@TempDir Path dir) {
    server =
        ChronolithProcess.start(
            dir, ChronolithProcess.freePort(), "--enable-debug-command", "local");
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @BeforeEach
  void connect() {
    client = server.connect();
    other = server.connect();
    client.call("FLUSHALL");
  }

  @AfterEach
  void disconnect() {
    client.close();
    other.close();
  }

  private static Map<String, String> fields(String line) {
    Map<String, String> fields = new HashMap<>();
    for (String field : line.trim().split(" ")) {
      int equals = field.indexOf('=');
      fields.put(field.substring(0, equals), field.substring(equals + 1));
    }
    return fields;
  }

  /** In turns of their own: a call of another client lies between them. */
  @Test
  void shouldGoOnReplyingAfterATurnWithoutReplies() {
    for (String[] words : new String[][] {{"CLIENT", "REPLY", "SKIP"}, {"SET", "k", "v"}}) {
      client.send(words);
      client.flush();
      other.call("PING");
    }
    assertEquals("v", client.call("GET", "k"));
  }

  private Map<String, String> listed(RespClient asking, Object id) {
    return fields((String) asking.call("CLIENT", "LIST", "ID", id.toString()));
  }

  @Test
  void shouldDescribeClients() {
    Object id = other.call("CLIENT", "ID");
    other.call("CLIENT", "SETNAME", "worker");
    other.call("CLIENT", "SETINFO", "LIB-NAME", "lib");
    other.call("CLIENT", "SETINFO", "LIB-VER", "1.2");
    other.call("SELECT", "3");
    other.call("CLIENT", "NO-EVICT", "ON");
    other.call("MULTI");
    other.call("GET", "k");
    Map<String, String> line = listed(client, id);
    assertEquals(id.toString(), line.get("id"));
    assertEquals("worker", line.get("name"));
    assertEquals("3", line.get("db"));
    assertEquals("xe", line.get("flags"));
    assertEquals("1", line.get("multi"));
    assertEquals("multi", line.get("cmd"));
    assertEquals("lib", line.get("lib-name"));
    assertEquals("1.2", line.get("lib-ver"));
    assertEquals("127.0.0.1:" + server.port(), line.get("laddr"));
    assertEquals("2", line.get("resp"));
    Map<String, String> own = fields((String) client.call("CLIENT", "INFO"));
    assertEquals("client|info", own.get("cmd"));
    assertEquals("N", own.get("flags"));
  }

  @Test
  void shouldKillClientsByEachFilter() {
    assertKilled("CLIENT", "KILL", "ID", other.call("CLIENT", "ID").toString());
    String address = listed(client, other.call("CLIENT", "ID")).get("addr");
    assertKilled("CLIENT", "KILL", "ADDR", address, "TYPE", "normal", "USER", "default");
    address = listed(client, other.call("CLIENT", "ID")).get("addr");
    assertKilled("CLIENT", "KILL", address);
    assertKilled("CLIENT", "KILL", "LADDR", "127.0.0.1:" + server.port(), "SKIPME", "yes");
    assertEquals("PONG", client.call("PING"));
  }

  private void assertKilled(String... kill) {
    Object killed = client.call(kill);
    assertTrue(killed.equals("OK") || killed.equals(1L), String.valueOf(killed));
    assertThrows(RespClient.Disconnected.class, () -> other.call("PING"));
    other.close();
    other = server.connect();
    // Until it is answered it may not have been accepted.
    other.call("CLIENT", "ID");
  }

  @Test
  void shouldLetOnlyWritesWaitInAWritePause() {
    client.call("SET", "k", "1");
    client.call("CLIENT", "PAUSE", "60000", "WRITE");
    other.send("INCR", "k");
    other.send("GET", "k");
    other.flush();
    await("it waits", () -> client.call("CLIENT", "LIST").toString().contains("flags=b"));
    assertEquals("1", client.call("GET", "k"));
    client.call("CLIENT", "UNPAUSE");
    assertEquals(2L, other.receive());
    assertEquals("2", other.receive());
  }

  @Test
  void shouldCountThoseThatWaitAndHaveThemWaitWhateverTheyAnnounced() {
    assertEquals("0", client.info("clients", "blocked_clients"));
    client.call("CLIENT", "PAUSE", "60000", "WRITE");
    assertEquals("OK", other.call("REPLCONF", "listening-port", "1234"));
    other.send("SET", "k", "1");
    other.flush();
    await("it waits", () -> client.info("clients", "blocked_clients").equals("1"));
    assertNull(client.call("GET", "k"));
    client.call("CLIENT", "UNPAUSE");
    assertEquals("OK", other.receive());
    assertEquals("0", client.info("clients", "blocked_clients"));
  }

  @Test
  void shouldRefuseAnAnnouncementThatFitsIntoNoLine() {
    String error = "ERR REPLCONF ip-address provided by replica instance ";
    for (String ip : new String[] {"a b", "a\nb", "a\u0000", "\t"}) {
      assertEquals(
          error + "has spaces, newlines or special characters",
          other.said("REPLCONF", "ip-address", ip));
    }
    assertEquals(
        error + "is too long: 256 bytes", other.said("REPLCONF", "ip-address", "a".repeat(256)));
    for (String port : new String[] {"-1", "65536", "4294967296"}) {
      assertEquals(
          "ERR value is out of range, must be between 0 and 65535",
          other.said("REPLCONF", "listening-port", port));
    }
    assertEquals(
        "OK", other.call("REPLCONF", "listening-port", "65535", "ip-address", "a".repeat(255)));
  }

  @Test
  void shouldNotAnswerAWaitWhoseReplyIsNotWanted() {
    client.send("CLIENT", "REPLY", "SKIP");
    client.send("WAIT", "1", "50");
    assertEquals("PONG", client.call("PING"));
    client.send("CLIENT", "REPLY", "OFF");
    client.send("WAIT", "1", "50");
    client.send("WAITAOF", "0", "1", "50");
    assertEquals("OK", client.call("CLIENT", "REPLY", "ON"));
    assertEquals("PONG", client.call("PING"));
  }

  @Test
  @RequiresRedis
  void shouldUnblockAsRedis(@TempDir Path redisDirectory) {
    try (RedisServerProcess redis = RedisServerProcess.start(redisDirectory);
        RespClient there = new RespClient(redis.port());
        RespClient waitsThere = new RespClient(redis.port())) {
      assertEquals(unblocked(there, waitsThere), unblocked(client, other));
    }
    String id = other.call("CLIENT", "ID").toString();
    other.send("WAITAOF", "0", "1", "0");
    other.flush();
    await("the wait", () -> client.said("CLIENT", "UNBLOCK", id).equals("1"));
    assertEquals(0L, ((List<?>) other.receive()).get(1));
  }

  /** What two clients hear of whom one waits, and the other ends that, or tries to. */
  private static List<Object> unblocked(RespClient by, RespClient waiting) {
    String id = waiting.call("CLIENT", "ID").toString();
    String own = by.call("CLIENT", "ID").toString();
    List<Object> heard = new ArrayList<>();
    String[][] inVain = {
      {id}, {own}, {"999999", "ERROR"}, {"x"}, {"x", "y"}, {id, "y"}, {id, "TIMEOUT", "y"}, {},
    };
    for (String[] words : inVain) {
      heard.add(by.said(unblock(words)));
    }
    String[][] ends = {{id}, {id, "timeout"}, {id, "ERROR"}};
    for (String[] words : ends) {
      waiting.send("WAIT", "1", "0");
      waiting.send("PING");
      waiting.flush();
      await("the wait", () -> by.said(unblock(words)).equals("1"));
      try {
        heard.add(waiting.receive());
      } catch (RespClient.ErrorReply e) {
        heard.add(e.getMessage());
      }
      heard.add(waiting.receive());
      heard.add(by.said(unblock(words)));
    }
    return heard;
  }

  private static String[] unblock(String... words) {
    List<String> all = new ArrayList<>(List.of("CLIENT", "UNBLOCK"));
    all.addAll(List.of(words));
    return all.toArray(String[]::new);
  }

  @Test
  void shouldEndAPauseWithTime() {
    long start = System.nanoTime();
    client.call("CLIENT", "PAUSE", "100");
    assertEquals("PONG", other.call("PING"));
    // Its end is a whole millisecond of the wall clock.
    assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(99));
  }

  @Test
  void shouldKeepSlowCommands() {
    client.call("CONFIG", "SET", "slowlog-log-slower-than", "20000");
    client.call("SLOWLOG", "RESET");
    client.call("CLIENT", "SETNAME", "slow");
    client.call("DEBUG", "SLEEP", "0.03");
    assertEquals(1L, client.call("SLOWLOG", "LEN"));
    List<?> entry = (List<?>) ((List<?>) client.call("SLOWLOG", "GET")).get(0);
    assertTrue((Long) entry.get(2) >= 30_000);
    assertEquals(List.of("DEBUG", "SLEEP", "0.03"), entry.get(3));
    assertEquals("slow", entry.get(5));
    client.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
    String[] words = new String[40];
    java.util.Arrays.fill(words, "x".repeat(200));
    words[0] = "DEL";
    client.call(words);
    entry = (List<?>) ((List<?>) client.call("SLOWLOG", "GET", "1")).get(0);
    List<?> kept = (List<?>) entry.get(3);
    assertEquals(32, kept.size());
    assertEquals("x".repeat(128) + "... (72 more bytes)", kept.get(1));
    assertEquals("... (9 more arguments)", kept.get(31));
    client.call("CONFIG", "SET", "slowlog-max-len", "2");
    client.call("PING");
    client.call("PING");
    assertEquals(2, ((List<?>) client.call("SLOWLOG", "GET", "-1")).size());
    client.call("CONFIG", "SET", "slowlog-log-slower-than", "10000", "slowlog-max-len", "128");
  }

  @Test
  void shouldKeepLatencyEventsAndHistograms() {
    client.call("CONFIG", "SET", "latency-monitor-threshold", "20");
    client.call("LATENCY", "RESET");
    client.call("DEBUG", "SLEEP", "0.03");
    List<?> latest = (List<?>) client.call("LATENCY", "LATEST");
    List<?> event = (List<?>) latest.get(0);
    assertEquals("command", event.get(0));
    assertTrue((Long) event.get(2) >= 30);
    assertEquals(event.get(2), event.get(3));
    assertEquals(1, ((List<?>) client.call("LATENCY", "HISTORY", "command")).size());
    assertEquals(1L, client.call("LATENCY", "RESET", "command"));
    client.call("CONFIG", "SET", "latency-monitor-threshold", "0");
    client.call("CONFIG", "RESETSTAT");
    for (int i = 0; i < 100; i++) {
      client.call("ECHO", "x");
    }
    List<?> histogram = (List<?>) client.call("LATENCY", "HISTOGRAM", "echo", "nosuch");
    assertEquals(2, histogram.size());
    List<?> figures = (List<?>) histogram.get(1);
    assertEquals(100L, figures.get(1));
    List<?> buckets = (List<?>) figures.get(3);
    assertEquals(100L, buckets.get(buckets.size() - 1));
  }

  @Test
  void shouldTellTheMemoryOfAKey() {
    List<String[]> adders =
        List.of(
            new String[] {"HSET", "hash", "field:%d", "value:%d"},
            new String[] {"SADD", "set", "member:%d"},
            new String[] {"RPUSH", "list", "element:%d"},
            new String[] {"ZADD", "zset", "%d", "member:%d"});
    for (String[] adder : adders) {
      long before = usedMemory();
      int elements = 20_000;
      for (int i = 0; i < elements; i++) {
        String[] words = adder.clone();
        for (int j = 2; j < words.length; j++) {
          words[j] = words[j].formatted(i);
        }
        client.send(words);
      }
      client.flush();
      for (int i = 0; i < elements; i++) {
        client.receive();
      }
      long grown = usedMemory() - before;
      long told = (Long) client.call("MEMORY", "USAGE", adder[1], "SAMPLES", "0");
      assertTrue(told > grown * 0.7 && told < grown * 1.3, adder[1] + ": " + told + " of " + grown);
    }
    long before = usedMemory();
    client.call("SET", "text", "x".repeat(300_000));
    long told = (Long) client.call("MEMORY", "USAGE", "text");
    // What the database itself grew by is not the key's.
    assertEquals(usedMemory() - before, told, 1_000.0);
    client.call("SET", "small", "x");
    assertTrue((Long) client.call("MEMORY", "USAGE", "small") < 100);
  }

  private long usedMemory() {
    return Long.parseLong(client.info("memory", "used_memory"));
  }

  @Test
  void shouldRunATransactionAsOneUnitOfTheStream() {
    client.call("SET", "k", "1");
    long before = offset();
    client.call("MULTI");
    client.call("INCR", "k");
    client.call("SET", "l", "2");
    assertEquals(List.of(2L, "OK"), client.call("EXEC"));
    String stream =
        "*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n"
            + "*3\r\n$3\r\nSET\r\n$1\r\nl\r\n$1\r\n2\r\n*1\r\n$4\r\nEXEC\r\n";
    assertEquals(before + stream.length(), offset());
  }

  private long offset() {
    return Long.parseLong(client.info("replication", "master_repl_offset"));
  }

  @Test
  void shouldShutDownOnCommand(@TempDir Path dir) {
    for (String mode : List.of("NOSAVE", "SAVE", "")) {
      try (ChronolithProcess ending = ChronolithProcess.start(dir, ChronolithProcess.freePort())) {
        try (RespClient last = ending.connect()) {
          last.call("INCR", "starts");
          assertThrows(
              RespClient.Disconnected.class,
              () -> last.call(("SHUTDOWN " + mode).trim().split(" ")));
        }
        assertEquals(0, ending.awaitExit(), ending.output());
      }
    }
    try (ChronolithProcess again = ChronolithProcess.start(dir, ChronolithProcess.freePort());
        RespClient reader = again.connect()) {
      assertEquals("3", reader.call("GET", "starts"));
    }
  }
}
