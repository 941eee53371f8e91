package org.chronolith.server.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RawRespClient;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same commands to a real redis-server and to Chronolith: every reply must be the same, byte
 * for byte, in RESP2 and in RESP3, and so must the digest of the data at the end.
 */
@Tag("slow")
@RequiresRedis
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReplyComparisonIT {
  private static final int RANDOM_COMMANDS = 20_000;

  @TempDir static Path directory;
  private RedisServerProcess redis;
  private ChronolithProcess chronolith;

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
  }

  @AfterAll
  void stop() {
    redis.close();
    chronolith.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "strings",
        "bitmaps",
        "hyperloglogs",
        "keys",
        "expiry",
        "lists",
        "hashes",
        "sets",
        "sortedsets",
        "geo",
        "sort",
        "dump",
        "transactions",
        "connection",
        "replication"
      })
  void shouldReplyAsRedisDoes(String table) throws IOException {
    List<String> differences = new ArrayList<>();
    for (int protocol = 2; protocol <= 3; protocol++) {
      try (RawRespClient theirs = new RawRespClient(redis.port());
          RawRespClient ours = new RawRespClient(chronolith.port())) {
        theirs.call(List.of("HELLO", "" + protocol));
        ours.call(List.of("HELLO", "" + protocol));
        both(theirs, ours, List.of("FLUSHALL"), differences);
        for (String line : lines(table)) {
          both(theirs, ours, words(line), differences);
        }
        both(theirs, ours, List.of("DEBUG", "DIGEST"), differences);
      }
    }
    assertTrue(
        differences.isEmpty(),
        () -> differences.size() + " differences:\n" + String.join("\n", differences));
  }

  /** Random commands over a few keys, so that types meet and representations change. */
  @Test
  void shouldStayEqualToRedisUnderRandomCommands() {
    long seed = Long.getLong("chronolith.seed", System.nanoTime());
    RandomCommands commands = new RandomCommands(new Random(seed));
    List<String> history = new ArrayList<>();
    try (RawRespClient theirs = new RawRespClient(redis.port());
        RawRespClient ours = new RawRespClient(chronolith.port())) {
      assertEquals(theirs.call(List.of("FLUSHALL")), ours.call(List.of("FLUSHALL")));
      for (int i = 0; i < RANDOM_COMMANDS; i++) {
        List<String> command = commands.next();
        history.add(String.join(" ", command));
        String expected = theirs.call(command);
        String actual = ours.call(command);
        if (commands.isUnordered(command)) {
          expected = sorted(expected);
          actual = sorted(actual);
        }
        int number = i;
        assertEquals(
            expected,
            actual,
            () ->
                "chronolith.seed="
                    + seed
                    + ", command "
                    + number
                    + ": "
                    + String.join("\n", history.subList(Math.max(0, number - 5), number + 1)));
      }
      assertEquals(
          theirs.call(List.of("DEBUG", "DIGEST")),
          ours.call(List.of("DEBUG", "DIGEST")),
          "digests with chronolith.seed=" + seed);
    }
  }

  private static void both(
      RawRespClient theirs, RawRespClient ours, List<String> command, List<String> differences) {
    String expected = theirs.call(command);
    String actual = ours.call(command);
    boolean unordered = UNORDERED.contains(command.get(0).toUpperCase(java.util.Locale.ROOT));
    if (!expected.equals(actual) && !(unordered && sorted(expected).equals(sorted(actual)))) {
      differences.add(
          String.join(" ", command)
              + "\n  redis:      "
              + expected.replace("\r\n", "|")
              + "\n  chronolith: "
              + actual.replace("\r\n", "|"));
    }
  }

  /** Commands whose replies have no order of their own. */
  static final List<String> UNORDERED =
      List.of("KEYS", "SMEMBERS", "HGETALL", "HKEYS", "HVALS", "SCAN", "SPOP", "CONFIG");

  private static String sorted(String reply) {
    String[] lines = reply.split("\r\n", -1);
    Arrays.sort(lines);
    return String.join("|", lines);
  }

  private static List<String> lines(String table) throws IOException {
    try (InputStream in = ReplyComparisonIT.class.getResourceAsStream(table + ".txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    }
  }

  /** Words between spaces; {@code ''} is an empty one, {@code ~} stands for a space within one. */
  private static List<String> words(String line) {
    return Arrays.stream(line.split(" +"))
        .map(word -> word.equals("''") ? "" : word.replace('~', ' '))
        .toList();
  }
}
