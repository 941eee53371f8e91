package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RandomSetCommands;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands on several sets and on ranges of sorted sets, reply by reply and by the digests of the
 * data, against a real redis-server.
 */
@Tag("slow")
@RequiresRedis("redis-server")
class SetAndSortedSetCommandsIT {
  private static final Set<String> UNORDERED = Set.of("sinter", "sunion", "sdiff", "smembers");

  @TempDir static Path directory;
  private static ChronolithProcess ours;
  private static RedisServerProcess redis;

  private RawReply mine;
  private RawReply theirs;

  @BeforeAll
  static void start() throws IOException {
    ours =
        ChronolithProcess.start(
            directory.resolve("ours"),
            ChronolithProcess.freePort(),
            "--enable-debug-command",
            "yes");
    redis =
        RedisServerProcess.start(
            Files.createDirectories(directory.resolve("redis")), "--enable-debug-command", "yes");
  }

  @AfterAll
  static void stop() {
    redis.close();
    ours.close();
  }

  private void connect(int protocol) throws IOException {
    mine = new RawReply(ours.port());
    theirs = new RawReply(redis.port());
    for (RawReply connection : new RawReply[] {mine, theirs}) {
      connection.call(false, "HELLO", Integer.toString(protocol));
      assertEquals("+OK", connection.call(false, "FLUSHALL"));
    }
  }

  @AfterEach
  void disconnect() throws IOException {
    mine.close();
    theirs.close();
  }

  private void compare(String... words) {
    boolean unordered = UNORDERED.contains(words[0].toLowerCase(Locale.ROOT));
    String expected = theirs.call(unordered, words);
    assertEquals(expected, mine.call(unordered, words), () -> String.join(" ", words));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void shouldReplyAsRedisDoes(int protocol) throws IOException {
    connect(protocol);
    for (String line : cases()) {
      compare(
          Arrays.stream(line.split(" +"))
              .map(word -> word.equals("''") ? "" : word)
              .toArray(String[]::new));
    }
    compare("DEBUG", "DIGEST");
  }

  /** One command a line; {@code ''} is an empty word. */
  private static List<String> cases() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                SetAndSortedSetCommandsIT.class.getResourceAsStream("many-key-cases.txt"),
                StandardCharsets.ISO_8859_1))) {
      return lines.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 300, 40, 6000",
    "2, 3, 300, 40, 6000",
    "3, 2, 300, 400, 6000",
    "4, 3, 300, 400, 6000",
    "5, 2, 12000, 14000, 400",
    "6, 3, 12000, 14000, 400"
  })
  void shouldReplyAsRedisDoesToRandomCommands(
      long seed, int protocol, int filled, int members, int steps) throws IOException {
    connect(protocol);
    RandomSetCommands commands = new RandomSetCommands(seed, 4, members);
    try {
      commands.fill(filled).forEach(this::compare);
      for (int i = 0; i < steps; i++) {
        compare(i % 3 == 0 ? commands.read() : commands.write());
        if (i % 100 == 99) {
          compare("DEBUG", "DIGEST");
        }
      }
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  /** The bytes of a -0 or of a sum in another order would show in the digest only. */
  @Test
  void shouldKeepScoresBitByBit() throws IOException {
    connect(2);
    for (int i = 0; i < 300; i++) {
      compare("ZADD", "a", Integer.toString(i % 3), "m" + i);
      compare("ZADD", "b", Double.toString(i / 7.0), "m" + i);
      compare("ZADD", "c", Double.toString(-i / 3.0), "m" + i);
      compare("SADD", "s", "m" + i);
    }
    for (int size : new int[] {5, 128, 129, 299}) {
      String last = Integer.toString(size - 1);
      compare("ZUNIONSTORE", "minus" + size, "1", "a", "WEIGHTS", "-1");
      compare("DEBUG", "DIGEST");
      compare("ZRANGESTORE", "ranks" + size, "minus" + size, "0", last);
      compare("ZRANGESTORE", "back" + size, "minus" + size, "0", last, "REV");
      compare("ZRANGESTORE", "by" + size, "minus" + size, "-1", "0", "BYSCORE", "LIMIT", "0", last);
      compare("DEBUG", "DIGEST");
      for (String aggregate : new String[] {"SUM", "MIN", "MAX"}) {
        String target = aggregate + size;
        compare("ZUNIONSTORE", target, "4", "c", "a", "b", "s", "AGGREGATE", aggregate);
        compare("ZINTERSTORE", "i" + target, "3", "b", "c", "a", "AGGREGATE", aggregate);
        compare("DEBUG", "DIGEST");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void shouldTakeRandomMembers(int protocol) throws IOException {
    connect(protocol);
    for (int i = 0; i < 300; i++) {
      compare("ZADD", "z", Integer.toString(i), "m" + i);
    }
    for (String key : new String[] {"z", "none"}) {
      for (String count : new String[] {"0", "10", "299", "300", "1000", "-7", "-1000"}) {
        compareShape("ZRANDMEMBER", key, count);
        compareShape("ZRANDMEMBER", key, count, "WITHSCORES");
      }
    }
    String one = mine.call(false, "ZRANDMEMBER", "z").substring(1);
    assertTrue(mine.call(false, "ZSCORE", "z", one).endsWith(one.substring(1)), one);
    String all = mine.call(true, "ZRANDMEMBER", "z", "300");
    assertEquals(mine.call(true, "ZRANGE", "z", "0", "-1"), all);
    List<String> drawn =
        Arrays.asList(mine.call(false, "ZRANDMEMBER", "z", "40").split("[\\[, \\]]+"));
    assertEquals(41, Set.copyOf(drawn).size(), "forty different ones behind the header");
  }

  /** As {@link #compare}, but for which members they are. */
  private void compareShape(String... words) {
    String expected = theirs.call(false, words).replaceAll("[0-9]+([],])", "#$1");
    String actual = mine.call(false, words).replaceAll("[0-9]+([],])", "#$1");
    assertEquals(expected, actual, () -> String.join(" ", words));
  }

  @Test
  void shouldFindKeysWhereTheyAre() throws IOException {
    connect(2);
    for (String line :
        List.of(
            "zunionstore d 2 a b weights 1 2",
            "zunionstore d 9 a b",
            "zunionstore d 0 a b",
            "zdiffstore d x a b",
            "zinterstore d 1 a",
            "zunion 2 a b",
            "zinter x a",
            "zintercard 1 a limit 3",
            "sintercard 2 a b",
            "sintercard 3 a b",
            "zmpop 2 a b min",
            "zmpop 0 a b min",
            "zmpop 1",
            "smove a b c",
            "zrangestore a b 1 2",
            "sinterstore a b c d",
            "sunion a b c",
            "zremrangebylex a - +")) {
      compare(("COMMAND GETKEYS " + line).split(" "));
    }
  }
}
