package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on collections, reply by reply, against a real redis-server, in RESP2 and RESP3. */
@Tag("slow")
@RequiresRedis("redis-server")
class CollectionCommandsIT {
  /** Replies whose order depends on how elements lie. */
  private static final Set<String> UNORDERED =
      Set.of(
          "smembers",
          "hgetall",
          "hkeys",
          "hvals",
          "sscan",
          "hscan",
          "zscan",
          "spop",
          "srandmember");

  @TempDir static Path directory;
  private static ChronolithProcess ours;
  private static Process redis;
  private static int redisPort;

  @BeforeAll
  static void start() throws Exception {
    ours = startWithDebug(directory.resolve("ours"));
    redisPort = ChronolithProcess.freePort();
    redis =
        new ProcessBuilder(
                "redis-server",
                "--port",
                Integer.toString(redisPort),
                "--save",
                "",
                "--enable-debug-command",
                "yes")
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("redis.log").toFile())
            .start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try (RawReply connection = new RawReply(redisPort)) {
        assertEquals("+PONG", connection.call(false, "PING"));
        return;
      } catch (IOException e) {
        assertTrue(System.nanoTime() < deadline, "redis-server does not answer");
        Thread.onSpinWait();
      }
    }
  }

  @AfterAll
  static void stop() {
    redis.destroy();
    ours.close();
  }

  private RawReply mine;
  private RawReply theirs;

  private void connect(int protocol) throws IOException {
    mine = new RawReply(ours.port());
    theirs = new RawReply(redisPort);
    for (RawReply connection : new RawReply[] {mine, theirs}) {
      connection.call(false, "HELLO", Integer.toString(protocol));
      assertEquals("+OK", connection.call(false, "FLUSHALL"));
    }
  }

  private void disconnect() throws IOException {
    mine.close();
    theirs.close();
  }

  private void compare(String... words) {
    boolean sorted = UNORDERED.contains(words[0].toLowerCase(java.util.Locale.ROOT));
    String expected = theirs.call(sorted, words);
    assertEquals(expected, mine.call(sorted, words), () -> String.join(" ", words));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void shouldReplyAsRedisDoes(int protocol) throws IOException {
    connect(protocol);
    for (String line : CASES.split("\n")) {
      if (!line.isBlank()) {
        compare(
            Arrays.stream(line.trim().split(" +"))
                .map(word -> word.equals("''") ? "" : word)
                .toArray(String[]::new));
      }
    }
    compare("DEBUG", "DIGEST");
    disconnect();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void shouldReplyAsRedisDoesToRandomCommands(long seed) throws IOException {
    connect(seed % 2 == 0 ? 2 : 3);
    Random random = new Random(seed);
    try {
      for (int i = 0; i < 6_000; i++) {
        compare(randomCommand(random, i / 1_500 % 2 == 0));
        if (i % 500 == 499) {
          compare("DEBUG", "DIGEST");
        }
      }
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    } finally {
      disconnect();
    }
  }

  private static String[] randomCommand(Random random, boolean growing) {
    String key = "kkkkkkkk".substring(0, 1 + random.nextInt(2));
    String word = "w" + random.nextInt(growing ? 400 : 200);
    String long1 = random.nextInt(200) == 0 ? word + "x".repeat(random.nextInt(30_000)) : word;
    String number = Integer.toString(random.nextInt(20) - 10);
    String score = random.nextInt(10) == 0 ? "-inf" : random.nextInt(100) / 8.0 - 3 + "";
    int rank = random.nextInt(500) - 250;
    String from = Integer.toString(rank);
    String to = Integer.toString(rank + random.nextInt(20));
    int choice = random.nextInt(60);
    boolean add = choice < (growing ? 36 : 12);
    if (add) {
      return switch (choice % 12) {
        case 0, 1 -> words("hset", "h" + key, long1, word);
        case 2 -> words("hincrby", "h" + key, "n" + random.nextInt(50), number);
        case 3, 4 -> words("rpush", "l" + key, long1, word);
        case 5 -> words("lpush", "l" + key, word, long1, number);
        case 6, 7 -> words("sadd", "s" + key, long1, number);
        case 8, 9 -> words("zadd", "z" + key, score, long1, number, word);
        case 10 -> words("zincrby", "z" + key, number, word);
        default -> words("hsetnx", "h" + key, word, long1);
      };
    }
    return switch (random.nextInt(34)) {
      case 0 -> words("hdel", "h" + key, word, "n1");
      case 1 -> words("hget", "h" + key, word);
      case 2 -> words("hmget", "h" + key, word, "none", "n3");
      case 3 -> words("hgetall", "h" + key);
      case 4 -> words("hlen", "h" + key);
      case 5 -> words("hexists", "h" + key, word);
      case 6 -> words("lpop", "l" + key);
      case 7 -> words("rpop", "l" + key);
      case 8 -> words("lpop", "l" + key, Integer.toString(random.nextInt(20)));
      case 9 -> words("rpop", "l" + key, Integer.toString(random.nextInt(20)));
      case 10 -> words("lrange", "l" + key, from, to);
      case 11 -> words("lindex", "l" + key, from);
      case 12 -> words("llen", "l" + key);
      case 13 -> words("srem", "s" + key, word, number);
      case 14 -> words("sismember", "s" + key, word);
      case 15 -> words("smembers", "s" + key);
      case 16 -> words("scard", "s" + key);
      case 17 -> words("smismember", "s" + key, word, number);
      case 18 -> words("zadd", "z" + key, randomOption(random), "ch", score, word);
      case 19 -> words("zadd", "z" + key, randomOption(random), "incr", number, word);
      case 20 -> words("zrem", "z" + key, word, number);
      case 21 -> words("zscore", "z" + key, word);
      case 22 -> words("zrange", "z" + key, from, to, "withscores");
      case 23 -> words("zrange", "z" + key, from, to, "rev");
      case 24 -> words("zrank", "z" + key, word);
      case 25 -> words("zrevrank", "z" + key, word);
      case 26 -> words("zcard", "z" + key);
      case 27 -> words("zpopmin", "z" + key, Integer.toString(random.nextInt(5)));
      case 28 -> words("zpopmax", "z" + key);
      case 29 -> words("copy", key.charAt(0) + key, "c" + key, "replace");
      case 30 -> words("copy", "zk", "czk", "replace");
      case 31 -> words("copy", "lk", "clk", "replace");
      case 32 -> words("spop", "s" + key, "100000");
      default ->
          random.nextInt(10) == 0
              ? words("del", "hlsz".charAt(random.nextInt(4)) + key)
              : words("rename", "hk", "hkk");
    };
  }

  private static String randomOption(Random random) {
    return new String[] {"nx", "xx", "gt", "lt"}[random.nextInt(4)];
  }

  private static String[] words(String... words) {
    return words;
  }

  @Test
  void shouldTakeRandomMembersOnce() throws IOException {
    connect(2);
    for (int i = 0; i < 300; i++) {
      mine.call(false, "SADD", "s", "m" + i);
    }
    String popped = mine.call(false, "SPOP", "s", "40");
    assertEquals(40, popped.split(",").length);
    assertEquals(":260", mine.call(false, "SCARD", "s"));
    String one = mine.call(false, "SPOP", "s").substring(1);
    assertEquals(":0", mine.call(false, "SISMEMBER", "s", one));
    assertTrue(mine.call(false, "SRANDMEMBER", "s", "10").startsWith("*10["));
    assertTrue(mine.call(false, "SRANDMEMBER", "s", "200").startsWith("*200["));
    assertTrue(mine.call(false, "SRANDMEMBER", "s", "-500").startsWith("*500["));
    disconnect();
  }

  /** The effects in the log, those of SPOP's choices included, lead to the same state. */
  @Test
  void shouldRecoverTheSameStateFromItsEffects() throws IOException {
    Path data = directory.resolve("recovered");
    String before;
    Random random = new Random(11);
    try (ChronolithProcess first = startWithDebug(data);
        RawReply connection = new RawReply(first.port())) {
      for (int i = 0; i < 8_000; i++) {
        connection.call(false, randomCommand(random, i / 2_000 % 2 == 0));
        if (i % 10 == 0) {
          connection.call(false, "SPOP", "sk");
          connection.call(false, "SPOP", "skk", Integer.toString(random.nextInt(4)));
        }
      }
      before = connection.call(false, "DEBUG", "DIGEST");
      assertTrue(before.matches("\\+[0-9a-f]{40}"), before);
      first.kill();
    }
    try (ChronolithProcess second = startWithDebug(data);
        RawReply connection = new RawReply(second.port())) {
      assertEquals(before, connection.call(false, "DEBUG", "DIGEST"));
    }
  }

  private static ChronolithProcess startWithDebug(Path data) {
    return ChronolithProcess.start(
        data, ChronolithProcess.freePort(), "--enable-debug-command", "yes");
  }

  private static final String CASES =
      """
      set str v
      lpush str a
      rpush str a
      lpop str
      lpop str 0
      lpop str x
      llen str
      lrange str 0 -1
      lrange str a b
      lindex str 0
      lindex str a
      hset str f v
      hget str f
      hgetall str
      hincrby str f 1
      hincrby str f x
      sadd str a
      spop str
      spop str 0
      smembers str
      srandmember str
      srandmember str 2
      zadd str 1 a
      zadd str x a
      zscore str a
      zrange str 0 -1
      zrange str a -1
      zrank str a
      zincrby str 1 a
      lpush
      lpush l
      lpush l a
      lpush l b c
      rpush l d '' e
      lrange l 0 -1
      lrange l -2 -1
      lrange l -100 100
      lrange l 3 1
      lrange l 100 200
      lrange l x 1
      lrange l 0 9223372036854775808
      lindex l 0
      lindex l -1
      lindex l 99
      lindex l -99
      lindex l x
      lindex nokey x
      llen l
      llen nokey
      lpop l
      rpop l
      lpop l 0
      lpop nokey
      lpop nokey 2
      lpop nokey -1
      lpop l -1
      lpop l x
      lpop l 9223372036854775808
      lpop l 1 2
      rpop l 1 2
      rpop l 2
      lpop l 100
      exists l
      lpushx l a
      rpushx l a
      rpush l x
      lpushx l a b
      rpushx l y
      lrange l 0 -1
      type l
      hset h
      hset h f
      hset h f v g
      hmset h f v g
      hset h f v
      hset h f w g x
      hmset h a 1 b 2
      hget h f
      hget h none
      hget nokey f
      hget h
      hmget h f none g
      hmget nokey a b
      hgetall h
      hgetall nokey
      hkeys h
      hvals h
      hkeys nokey
      hvals nokey
      hlen h
      hlen nokey
      hstrlen h g
      hstrlen h none
      hstrlen nokey g
      hexists h f
      hexists h none
      hsetnx h f z
      hsetnx h new z
      hincrby h a 5
      hincrby h a -7
      hincrby h f 1
      hincrby h cnt 9223372036854775807
      hincrby h cnt 1
      hincrby h cnt -1
      hincrby h neg -9223372036854775808
      hincrby h neg -1
      hincrby h neg x
      hincrby h neg 1.5
      hincrby h neg 9223372036854775808
      hset h sp 01 empty '' plus +1
      hincrby h sp 1
      hincrby h empty 1
      hincrby h plus 1
      hdel h f g none
      hdel h f
      hdel nokey f
      hscan h 0
      hscan h 0 count 100
      hscan h 0 match a*
      hscan h x
      hscan h 0 count 0
      hscan h 0 count x
      hscan h 0 match
      hscan h 0 foo bar
      hscan nokey 0
      hscan str 0
      type h
      sadd s
      sadd s a
      sadd s a b '' c
      smembers s
      smembers nokey
      scard s
      scard nokey
      sismember s a
      sismember s z
      sismember nokey a
      smismember s a z b
      smismember nokey a z
      srem s a z
      srem nokey a
      spop nokey
      spop nokey 2
      spop s 0
      spop s -1
      spop s x
      spop s 1 2
      srandmember nokey
      srandmember nokey 3
      srandmember s 100
      srandmember s 0
      srandmember s x
      srandmember s 1 2
      srandmember s -9223372036854775808
      sscan s 0
      sscan s 0 match b
      sscan nokey 0
      spop s 100
      exists s
      sadd one a
      spop one
      exists one
      sadd s 1 2 3
      type s
      zadd z
      zadd z 1
      zadd z 1 a 2
      zadd z 1 a
      zadd z 1 a 2 b
      zadd z nx 5 a
      zadd z xx 5 a
      zadd z xx 5 new
      zadd z nx xx 1 a
      zadd z gt lt 1 a
      zadd z gt nx 1 a
      zadd z lt nx 1 a
      zadd z gt 4 a
      zadd z gt ch 6 a
      zadd z lt ch 7 a
      zadd z lt ch 3 a
      zadd z ch 3 a 9 b 10 c
      zadd z incr 1 a
      zadd z incr 1 a 2 b
      zadd z incr nx 1 a
      zadd z incr xx 1 nothere
      zadd z incr gt -1 a
      zadd z incr lt 1 a
      zadd z incr 0 a
      zadd z nx
      zadd z nx ch
      zadd z foo 1 a
      zadd z 1e a
      zadd z nan a
      zadd z '' a
      zadd z 1 a x b
      zadd z inf big
      zadd z -inf small
      zadd z +inf big2
      zadd z incr -inf big
      zincrby z -inf big
      zadd z 3.1 float
      zadd z 0.1 tenth 1e300 huge 1e-300 tiny -0.0 mzero
      zadd z 0x10 hex
      zadd z 1234567890123456789 long
      zadd z 17179869184 medium
      zadd z 1e17 e17 1e16 e16 123456.789 frac
      zrange z 0 -1
      zrange z 0 -1 withscores
      zrange z 0 -1 rev withscores
      zrange z 0 -1 WITHSCORES REV
      zrange z 1 3
      zrange z -3 -1 rev
      zrange z 5 1
      zrange z 100 200
      zrange z -100 1
      zrange nokey 0 -1
      zrange nokey 0 -1 withscores
      zrange z a b
      zrange z 0 -1 foo
      zrange z 0 -1 limit 0 1
      zrange z 0 -1 limit 0
      zrange z 0 -1 limit a 1
      zrange z 0
      zrevrange z 0 2
      zrevrange z 0 2 withscores
      zrevrange z 0 2 rev
      zscore z float
      zscore z mzero
      zscore z big
      zscore z none
      zscore nokey a
      zmscore z a none float
      zmscore nokey a b
      zcard z
      zcard nokey
      zrank z a
      zrank z none
      zrank nokey a
      zrevrank z a
      zrevrank z none
      zincrby z 1.5 a
      zincrby z x a
      zincrby z 2 fresh
      zincrby nokey2 2 fresh
      zadd z 1e308 max
      zincrby z 1e308 max
      zrem z a none b
      zrem nokey a
      zscan z 0
      zscan nokey 0
      zpopmin z
      zpopmin z 2
      zpopmax z
      zpopmax z 2
      zpopmin z 0
      zpopmin z -1
      zpopmin z x
      zpopmin z 1 2
      zpopmin nokey
      zpopmin nokey 2
      zpopmax z 100
      exists z
      zadd z 1 a 1 B 1 b 1 A 0 0
      zrange z 0 -1
      type z
      zadd gtnew gt 1 a
      zadd gtnew lt 1 b
      zadd gtnew xx incr 1 c
      zrange gtnew 0 -1 withscores
      """;
}
