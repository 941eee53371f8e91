package org.chronolith.server.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RawRespClient;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.SortAndPlaceCommands;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Sorting, places and payloads of DUMP: a real redis-server and Chronolith side by side. */
@Tag("slow")
@RequiresRedis
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SortAndPlaceComparisonIT {
  private static final int COMMANDS = 20_000;
  private static final int PLACES = 200;

  /** Some of 53, since an arc sine near 1 makes more of its argument's. */
  private static final double LAST_BITS = 1e-13;

  @TempDir static Path directory;
  private RedisServerProcess redis;
  private ChronolithProcess chronolith;
  private RawRespClient theirs;
  private RawRespClient ours;

  @BeforeAll
  void start() throws IOException {
    redis =
        RedisServerProcess.start(
            Files.createDirectory(directory.resolve("redis")), "--enable-debug-command", "yes");
    chronolith =
        ChronolithProcess.start(
            directory.resolve("chronolith"),
            ChronolithProcess.freePort(),
            "--enable-debug-command",
            "yes");
    theirs = new RawRespClient(redis.port());
    ours = new RawRespClient(chronolith.port());
  }

  @AfterAll
  void stop() {
    theirs.close();
    ours.close();
    redis.close();
    chronolith.close();
  }

  private String both(String message, List<String> command) {
    String expected = theirs.call(command);
    assertEquals(expected, ours.call(command), () -> message + ": " + String.join(" ", command));
    return expected;
  }

  @Test
  void shouldStayEqualToRedisUnderRandomCommands() {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    Random random = new Random(seed);
    SortAndPlaceCommands commands = new SortAndPlaceCommands(random);
    String said = "chronolith.seed=" + seed;
    both(said, List.of("FLUSHALL"));
    for (int i = 0; i < COMMANDS; i++) {
      if (random.nextInt(20) == 0) {
        movePayload(said, commands, random);
      } else {
        both(said + ", command " + i, commands.next());
      }
      if (i % 500 == 0) {
        both(said + ", command " + i, List.of("DEBUG", "DIGEST"));
      }
    }
    both(said, List.of("DEBUG", "DIGEST"));
  }

  /** What one of them dumps is restored by both. */
  private void movePayload(String said, SortAndPlaceCommands commands, Random random) {
    RawRespClient from = random.nextBoolean() ? theirs : ours;
    String payload = payload(from, commands.any());
    if (payload == null) {
      return;
    }
    List<String> restore = new ArrayList<>(List.of("RESTORE", commands.targetOfAny()));
    boolean expires = random.nextInt(3) == 0;
    restore.addAll(List.of(expires ? "4000000000000" : "0", payload));
    if (random.nextBoolean()) {
      restore.add("REPLACE");
    }
    if (expires) {
      restore.add("ABSTTL");
    }
    both(said, restore);
  }

  private static String payload(RawRespClient from, String key) {
    String reply = from.call(List.of("DUMP", key));
    int end = reply.indexOf("\r\n");
    return reply.startsWith("$-1") || reply.startsWith("_")
        ? null
        : reply.substring(end + 2, reply.length() - 2);
  }

  /**
   * A redis-server has its sines from the C library, which rounds some of them wrongly, and not the
   * same ones with another processor. Here they are rounded rightly.
   */
  @Test
  void shouldStoreDistancesThatDifferSeldomAndInTheLastBitsOnly() {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    Random random = new Random(seed);
    String said = "chronolith.seed=" + seed;
    both(said, List.of("FLUSHALL"));
    List<String> add = new ArrayList<>(List.of("GEOADD", "world"));
    for (int i = 0; i < PLACES; i++) {
      add.add(Double.toString(random.nextDouble() * 360 - 180));
      add.add(Double.toString(random.nextDouble() * 170 - 85));
      add.add("m" + i);
    }
    both(said, add);
    int compared = 0;
    int different = 0;
    for (int i = 0; i < PLACES; i++) {
      String store = "GEOSEARCHSTORE d world FROMMEMBER m" + i + " BYRADIUS 30000 km STOREDIST";
      both(said, List.of(store.split(" ")));
      Map<String, Double> expected = scores(theirs);
      Map<String, Double> actual = scores(ours);
      assertEquals(expected.keySet(), actual.keySet(), said);
      for (Map.Entry<String, Double> there : expected.entrySet()) {
        double distance = actual.get(there.getKey());
        assertEquals(there.getValue(), distance, there.getValue() * LAST_BITS, said);
        compared++;
        different += there.getValue() == distance ? 0 : 1;
      }
    }
    assertTrue(
        different * 100 < compared, said + ": " + different + " of " + compared + " distances");
  }

  private static Map<String, Double> scores(RawRespClient client) {
    String[] lines = client.call(List.of("ZRANGE", "d", "0", "-1", "WITHSCORES")).split("\r\n");
    Map<String, Double> scores = new HashMap<>();
    // A header line before each word.
    for (int i = 2; i + 2 < lines.length; i += 4) {
      scores.put(lines[i], Double.valueOf(lines[i + 2]));
    }
    return scores;
  }

  /** Every form that a Redis keeps its values in, small and large, and back. */
  @Test
  void shouldTakeEachOthersPayloads() {
    String said = "payloads";
    both(said, List.of("FLUSHALL"));
    fill();
    for (String key : keys()) {
      for (RawRespClient from : List.of(theirs, ours)) {
        String payload = payload(from, key);
        both(said, List.of("RESTORE", "copy of " + key, "0", payload, "REPLACE"));
        assertEquals(digestOf(key), digestOf("copy of " + key), "restored by redis-server: " + key);
        // So what is restored here is compared with it.
        both(said, List.of("DEBUG", "DIGEST"));
      }
    }
  }

  private void fill() {
    both("", List.of("SET", "number", "12345"));
    both("", List.of("SET", "negative", "-7"));
    both("", List.of("SET", "text", "text"));
    both("", List.of("SET", "empty", ""));
    both("", List.of("SET", "binary", "\u0000\r\n\u00ff"));
    both("", List.of("SET", "compressible", "x".repeat(100_000)));
    both("", List.of("ZADD", "edges", "inf", "a", "-inf", "b", "0.1", "c", "-0.0", "d"));
    both("", List.of("RPUSH", "list of large", "a", "z".repeat(100_000), "b"));
    for (int i = 0; i < 600; i++) {
      String small = i < 20 ? " small" : "";
      both("", List.of("RPUSH", "list" + small, "e" + i, "" + i * i * i, "y".repeat(i % 90)));
      both("", List.of("SADD", "numbers" + small, "" + i * 1000));
      both("", List.of("SADD", "set" + small, "m" + i));
      both("", List.of("HSET", "hash" + small, "f" + i, "" + -i, "long" + i, "v".repeat(i / 9)));
      both("", List.of("ZADD", "zset" + small, "" + i / 8.0, "m" + i));
    }
  }

  private static List<String> keys() {
    List<String> keys =
        new ArrayList<>(
            List.of("number", "negative", "text", "empty", "binary", "compressible", "edges"));
    keys.add("list of large");
    for (String key : List.of("list", "numbers", "set", "hash", "zset")) {
      keys.addAll(List.of(key, key + " small"));
    }
    return keys;
  }

  private String digestOf(String key) {
    return theirs.call(List.of("DEBUG", "DIGEST-VALUE", key));
  }

  @Test
  void shouldRefusePayloadsThatAreDamagedAndKeepTheKey() {
    both("", List.of("FLUSHALL"));
    both("", List.of("RPUSH", "list", "a", "b"));
    theirs.call(List.of("XADD", "stream", "1-1", "a", "b"));
    String payload = payload(theirs, "list");
    for (int i = 0; i < payload.length(); i++) {
      char flipped = (char) (payload.charAt(i) ^ 1);
      String damaged = payload.substring(0, i) + flipped + payload.substring(i + 1);
      both("byte " + i, List.of("RESTORE", "list", "0", damaged, "REPLACE"));
    }
    String stream = payload(theirs, "stream");
    String refused = ours.call(List.of("RESTORE", "list", "0", stream, "REPLACE"));
    assertTrue(
        refused.contains("the payload is a stream, a type that this server does not have"),
        refused);
    theirs.call(List.of("DEL", "stream"));
    both("", List.of("LRANGE", "list", "0", "-1"));
    both("", List.of("DEBUG", "DIGEST"));
  }

  @Test
  void shouldTakeTimesOfExpiryAsRedisDoes() {
    both("", List.of("FLUSHALL"));
    both("", List.of("SET", "a", "1"));
    String payload = payload(theirs, "a");
    both("", List.of("RESTORE", "a", "0", payload));
    both("", List.of("RESTORE", "past", "1", payload, "ABSTTL"));
    both("", List.of("EXISTS", "past"));
    both("", List.of("RESTORE", "a", "1", payload, "ABSTTL", "REPLACE"));
    both("", List.of("EXISTS", "a"));
    both("", List.of("RESTORE", "a", "9223372036854775807", payload));
    both("", List.of("EXISTS", "a"));
    both("", List.of("RESTORE", "a", "4000000000000", payload, "ABSTTL", "FREQ", "3"));
    both("", List.of("PEXPIRETIME", "a"));
    both("", List.of("RESTORE", "b", "100000", payload, "IDLETIME", "3"));
    both("", List.of("TTL", "b"));
    both("", List.of("RESTORE", "a", "0", payload, "REPLACE"));
    both("", List.of("PEXPIRETIME", "a"));
  }
}
