package org.chronolith.server.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.SetArgs;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.redisson.Redisson;
import org.redisson.api.BatchResult;
import org.redisson.api.RBatch;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.Protocol;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/**
 * The client libraries that most Java programs use connect with their own handshakes, with and
 * without a password, and run a mixed load from several threads.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientLibrariesIT {
  private static final int THREADS = 4;
  private static final int ROUNDS = 250;

  /** Redisson asks again after that, and who increments a counter twice is wrong. */
  private static final int TIMEOUT_MS = 20_000;

  private static final String PASSWORD = "correct horse";

  private ChronolithProcess open;
  private ChronolithProcess guarded;

  /** How a client is told to speak. */
  enum Dialect {
    /** Whatever the library does when it is told nothing. */
    DEFAULT,
    RESP2,
    RESP3
  }

  @BeforeAll
  void start(@TempDir Path dir) {
    open = ChronolithProcess.start(dir.resolve("open"), ChronolithProcess.freePort());
    guarded =
        ChronolithProcess.launch(
            dir.resolve("guarded"), ChronolithProcess.freePort(), "--requirepass", PASSWORD);
    awaitGuarded();
  }

  private void awaitGuarded() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try (RespClient client = guarded.connect()) {
        client.call("AUTH", PASSWORD);
        assertEquals("PONG", client.call("PING"));
        return;
      } catch (RespClient.Disconnected | RespClient.ErrorReply notYet) {
        if (System.nanoTime() > deadline) {
          throw notYet;
        }
      }
    }
  }

  @AfterAll
  void stop() {
    open.close();
    guarded.close();
  }

  @BeforeEach
  void empty() {
    try (var client = open.connect()) {
      client.call("FLUSHALL");
    }
  }

  private static void inThreads(Callable<Void> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Void>> results = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        results.add(threads.submit(work));
      }
      for (Future<Void> result : results) {
        result.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static String name(String kind, int round) {
    return kind + ":" + Thread.currentThread().getName() + ":" + round;
  }

  // ------------------------------------------------------------------------------------- Jedis

  private static RedisClient jedis(int port, Dialect dialect, String password) {
    DefaultJedisClientConfig.Builder config =
        DefaultJedisClientConfig.builder().timeoutMillis(TIMEOUT_MS);
    switch (dialect) {
      case RESP2 -> config.resp2();
      case RESP3 -> config.resp3();
      case DEFAULT -> {}
    }
    if (password != null) {
      config.password(password).clientName("jedis-test").database(3);
    }
    return RedisClient.builder()
        .hostAndPort("127.0.0.1", port)
        .clientConfig(config.build())
        .build();
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldServeJedis(Dialect dialect) throws Exception {
    try (RedisClient client = jedis(open.port(), dialect, null)) {
      inThreads(
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              jedisRound(client, i);
            }
            return null;
          });
      assertEquals(THREADS * ROUNDS, Integer.parseInt(client.get("counter")));
      jedisPipeline(client);
      jedisTransaction(client);
      jedisScan(client);
      assertThrows(JedisDataException.class, () -> client.lpush("counter", "x"));
    }
  }

  private static void jedisRound(RedisClient client, int i) {
    String text = name("s", i);
    assertEquals("OK", client.set(text, "v" + i, SetParams.setParams().ex(100)));
    assertEquals("v" + i, client.get(text));
    assertNull(client.get("missing"));
    assertTrue(client.ttl(text) > 90);
    client.incr("counter");
    String hash = name("h", i);
    client.hset(hash, Map.of("a", "1", "b", "2"));
    assertEquals(Map.of("a", "1", "b", "2"), client.hgetAll(hash));
    String list = name("l", i);
    client.rpush(list, "x", "y", "z");
    assertEquals(List.of("x", "y", "z"), client.lrange(list, 0, -1));
    String set = name("e", i);
    client.sadd(set, "p", "q");
    assertEquals(Set.of("p", "q"), client.smembers(set));
    String sorted = name("z", i);
    client.zadd(sorted, Map.of("one", 1.0, "half", 0.5));
    assertEquals(List.of("half", "one"), client.zrange(sorted, 0, -1));
    assertEquals(0.5, client.zscore(sorted, "half"));
    assertEquals(5, client.del(text, hash, list, set, sorted));
  }

  private static void jedisPipeline(RedisClient client) {
    try (Pipeline pipeline = client.pipelined()) {
      List<Response<String>> replies = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        pipeline.set("p" + i, "v" + i);
        replies.add(pipeline.get("p" + i));
      }
      pipeline.sync();
      for (int i = 0; i < replies.size(); i++) {
        assertEquals("v" + i, replies.get(i).get());
      }
    }
  }

  private static void jedisTransaction(RedisClient client) {
    try (AbstractTransaction transaction = client.multi()) {
      Response<Long> length = transaction.append("t", "abc");
      transaction.get("t");
      assertEquals(List.of(3L, "abc"), transaction.exec());
      assertEquals(3L, length.get());
    }
  }

  private static void jedisScan(RedisClient client) {
    Set<String> seen = new HashSet<>();
    String cursor = ScanParams.SCAN_POINTER_START;
    do {
      ScanResult<String> page = client.scan(cursor, new ScanParams().match("p*").count(500));
      seen.addAll(page.getResult());
      cursor = page.getCursor();
    } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
    assertEquals(5_000, seen.size());
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldAuthenticateJedis(Dialect dialect) {
    try (RedisClient client = jedis(guarded.port(), dialect, PASSWORD)) {
      assertEquals("OK", client.set("jedis" + dialect, "3"));
      assertEquals("3", client.get("jedis" + dialect));
    }
  }

  // ----------------------------------------------------------------------------------- Lettuce

  private static io.lettuce.core.RedisClient lettuce(int port, Dialect dialect, String password) {
    RedisURI.Builder uri = RedisURI.builder().withHost("127.0.0.1").withPort(port);
    if (password != null) {
      uri.withPassword(password.toCharArray()).withClientName("lettuce-test").withDatabase(2);
    }
    io.lettuce.core.RedisClient client =
        io.lettuce.core.RedisClient.create(uri.withTimeout(Duration.ofMillis(TIMEOUT_MS)).build());
    if (dialect != Dialect.DEFAULT) {
      client.setOptions(
          ClientOptions.builder().protocolVersion(ProtocolVersion.valueOf(dialect.name())).build());
    }
    return client;
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldServeLettuce(Dialect dialect) throws Exception {
    io.lettuce.core.RedisClient client = lettuce(open.port(), dialect, null);
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      inThreads(
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              lettuceRound(connection.sync(), i);
            }
            return null;
          });
      assertEquals(THREADS * ROUNDS, Integer.parseInt(connection.sync().get("counter")));
      lettucePipeline(connection.async());
      lettuceTransaction(connection.sync());
      assertEquals(
          Set.of("p7"),
          Set.copyOf(
              connection.sync().scan(ScanArgs.Builder.matches("p7").limit(9_999)).getKeys()));
    } finally {
      client.shutdown();
    }
  }

  private static void lettuceRound(RedisCommands<String, String> commands, int i) {
    String text = name("s", i);
    assertEquals("OK", commands.set(text, "v" + i, SetArgs.Builder.px(100_000)));
    assertEquals("v" + i, commands.get(text));
    assertNull(commands.get("missing"));
    commands.incr("counter");
    String hash = name("h", i);
    commands.hset(hash, Map.of("a", "1", "b", "2"));
    assertEquals(Map.of("a", "1", "b", "2"), commands.hgetall(hash));
    String list = name("l", i);
    commands.lpush(list, "x", "y", "z");
    assertEquals(List.of("z", "y", "x"), commands.lrange(list, 0, -1));
    String set = name("e", i);
    commands.sadd(set, "p", "q");
    assertEquals(Set.of("p", "q"), commands.smembers(set));
    String sorted = name("z", i);
    commands.zadd(sorted, 2.5, "m");
    assertEquals(2.5, commands.zscore(sorted, "m"));
    assertEquals(4.0, commands.zincrby(sorted, 1.5, "m"));
    assertEquals(5, commands.del(text, hash, list, set, sorted));
  }

  private static void lettucePipeline(RedisAsyncCommands<String, String> commands)
      throws Exception {
    List<RedisFuture<String>> replies = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      commands.set("p" + i, "v" + i);
      replies.add(commands.get("p" + i));
    }
    for (int i = 0; i < replies.size(); i++) {
      assertEquals("v" + i, replies.get(i).get(TIMEOUT_MS, TimeUnit.MILLISECONDS));
    }
  }

  private static void lettuceTransaction(RedisCommands<String, String> commands) {
    commands.watch("t");
    commands.multi();
    commands.set("t", "1");
    commands.incr("t");
    TransactionResult result = commands.exec();
    assertEquals("OK", result.get(0));
    assertEquals(2L, result.<Long>get(1));
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldAuthenticateLettuce(Dialect dialect) {
    io.lettuce.core.RedisClient client = lettuce(guarded.port(), dialect, PASSWORD);
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      assertEquals("lettuce-test", connection.sync().clientGetname());
      assertEquals("OK", connection.sync().set("lettuce" + dialect, "2"));
    } finally {
      client.shutdown();
    }
  }

  // ---------------------------------------------------------------------------------- Redisson

  private static RedissonClient redisson(int port, Dialect dialect, String password) {
    Config config = new Config();
    config.setCodec(StringCodec.INSTANCE);
    config.setThreads(2).setNettyThreads(2);
    if (dialect != Dialect.DEFAULT) {
      config.setProtocol(Protocol.valueOf(dialect.name()));
    }
    if (password != null) {
      config.setPassword(password);
    }
    config
        .useSingleServer()
        .setAddress("redis://127.0.0.1:" + port)
        .setTimeout(TIMEOUT_MS)
        .setConnectionMinimumIdleSize(2)
        .setConnectionPoolSize(8)
        .setDatabase(password == null ? 0 : 1)
        .setClientName(password == null ? null : "redisson-test");
    return Redisson.create(config);
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldServeRedisson(Dialect dialect) throws Exception {
    RedissonClient client = redisson(open.port(), dialect, null);
    try {
      inThreads(
          () -> {
            for (int i = 0; i < ROUNDS; i++) {
              redissonRound(client, i);
            }
            return null;
          });
      assertEquals(THREADS * ROUNDS, client.getAtomicLong("counter").get());
      RBatch batch = client.createBatch();
      for (int i = 0; i < 1_000; i++) {
        batch.<String>getBucket("b" + i).setAsync("v" + i);
      }
      BatchResult<?> result = batch.execute();
      assertEquals(1_000, result.getResponses().size());
      assertEquals("v999", client.<String>getBucket("b999").get());
      assertEquals(1_001, client.getKeys().count());
    } finally {
      client.shutdown();
    }
  }

  private static void redissonRound(RedissonClient client, int i) {
    String text = name("s", i);
    client.<String>getBucket(text).set("v" + i, Duration.ofSeconds(100));
    assertEquals("v" + i, client.<String>getBucket(text).get());
    assertTrue(client.getBucket(text).remainTimeToLive() > 90_000);
    client.getAtomicLong("counter").incrementAndGet();
    String hash = name("h", i);
    assertTrue(client.<String, String>getMap(hash).fastPut("a", "1"));
    assertEquals(Map.of("a", "1"), client.<String, String>getMap(hash).readAllMap());
    String list = name("l", i);
    assertTrue(client.<String>getList(list).add("x"));
    assertEquals(List.of("x"), client.<String>getList(list).readAll());
    String set = name("e", i);
    assertTrue(client.<String>getSet(set).add("p"));
    assertEquals(Set.of("p"), client.<String>getSet(set).readAll());
    String sorted = name("z", i);
    assertTrue(client.<String>getScoredSortedSet(sorted).add(1.25, "m"));
    assertEquals(1.25, client.<String>getScoredSortedSet(sorted).getScore("m"));
    assertEquals(5, client.getKeys().delete(text, hash, list, set, sorted));
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void shouldAuthenticateRedisson(Dialect dialect) {
    RedissonClient client = redisson(guarded.port(), dialect, PASSWORD);
    try {
      client.<String>getBucket("redisson" + dialect).set("1");
      assertEquals("1", client.<String>getBucket("redisson" + dialect).get());
    } finally {
      client.shutdown();
    }
  }
}
