package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An old master comes back behind a real redis-server, which has taken over without its end. */
@Tag("slow")
@RequiresRedis
class StockRewindIT {
  @TempDir Path directory;

  private RedisServerProcess redis(String... directives) throws IOException {
    return RedisServerProcess.start(
        Files.createDirectory(directory.resolve("redis")),
        Stream.concat(Stream.of("--enable-debug-command", "yes"), Stream.of(directives))
            .toArray(String[]::new));
  }

  private ChronolithProcess chronolith(int port, String... directives) {
    return ChronolithProcess.start(
        directory.resolve("chronolith"),
        port,
        Stream.concat(
                Stream.of("--enable-debug-command", "yes", "--save", ""), Stream.of(directives))
            .toArray(String[]::new));
  }

  private static void fill(RespClient client, String prefix, int count) {
    for (int i = 0; i < count; i++) {
      client.send("SET", prefix + i, "value of " + i);
    }
    client.flush();
    for (int i = 0; i < count; i++) {
      client.receive();
    }
  }

  private static void save(RespClient client) {
    String before = client.info("persistence", "rdb_saves");
    client.call("BGSAVE");
    await("the snapshot", () -> !client.info("persistence", "rdb_saves").equals(before));
  }

  private static void awaitSame(RespClient master, RespClient replica) {
    await("the link", () -> replica.info("replication", "master_link_status").equals("up"));
    await(
        "equal offsets",
        () ->
            master
                .info("replication", "master_repl_offset")
                .equals(replica.info("replication", "master_repl_offset")));
    assertEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));
    assertEquals(
        master.info("replication", "master_replid"), replica.info("replication", "master_replid"));
  }

  private static void follow(RespClient replica, int port) {
    replica.call("REPLICAOF", "127.0.0.1", Integer.toString(port));
  }

  /** The redis-server follows, is cut off, and promoted; both write. */
  private static void part(RespClient old, RespClient redis, LinkProxy proxy) {
    proxy.refuse(true);
    await("the cut", () -> redis.info("replication", "master_link_status").equals("down"));
    fill(old, "lost", 500);
    redis.call("REPLICAOF", "NO", "ONE");
    fill(redis, "new", 300);
  }

  private List<Path> discarded() throws IOException {
    try (Stream<Path> entries = Files.list(directory.resolve("chronolith"))) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith("discarded-"))
          .toList();
    }
  }

  @Test
  void shouldGoBackAndContinueBehindAPromotedRedisServer() throws IOException {
    int port = ChronolithProcess.freePort();
    try (RedisServerProcess stock = redis();
        RespClient redis = new RespClient(stock.port())) {
      try (ChronolithProcess first = chronolith(port);
          RespClient old = first.connect();
          LinkProxy proxy = new LinkProxy(port)) {
        fill(old, "first", 1_000);
        follow(redis, proxy.port());
        awaitSame(old, redis);
        save(old);
        fill(old, "second", 1_000);
        awaitSame(old, redis);
        part(old, redis, proxy);
        // It holds what nobody else has.
        save(old);
        follow(old, stock.port());
        awaitSame(redis, old);
        assertEquals("0", redis.info("stats", "sync_full"), first::output);
        assertEquals("1", redis.info("stats", "sync_partial_ok"), first::output);
        assertEquals(0L, old.call("EXISTS", "lost1"));
        assertEquals(1L, old.call("EXISTS", "new1"));
        assertEquals(1, discarded().size());

        // The other way round, and once more; now it dies as well, and takes a new id.
        old.call("REPLICAOF", "NO", "ONE");
        follow(redis, proxy.port());
        proxy.heal();
        awaitSame(old, redis);
        save(old);
        part(old, redis, proxy);
        first.kill();
      }
      try (ChronolithProcess back = chronolith(port);
          RespClient old = back.connect()) {
        fill(old, "lost again", 10);
        follow(old, stock.port());
        awaitSame(redis, old);
        assertEquals("0", redis.info("stats", "sync_full"), back::output);
        assertEquals("2", redis.info("stats", "sync_partial_ok"), back::output);
        assertEquals(0L, old.call("EXISTS", "lost1", "lost again1"));
        assertEquals(2, discarded().size());
        redis.call("SET", "live", "stream");
        awaitSame(redis, old);
      }
    }
  }

  /** Its log begins with the first byte of the stream, but the redis-server had data before. */
  @Test
  void shouldAskForAllWhereThereIsNoWayBack() throws IOException {
    try (RedisServerProcess stock =
            redis("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600");
        RespClient redis = new RespClient(stock.port());
        ChronolithProcess node =
            chronolith(ChronolithProcess.freePort(), "--snapshot-older-checkpoints", "0");
        RespClient old = node.connect();
        LinkProxy proxy = new LinkProxy(node.port())) {
      fill(redis, "first", 100);
      follow(old, stock.port());
      awaitSame(redis, old);
      old.call("REPLICAOF", "NO", "ONE");
      follow(redis, proxy.port());
      awaitSame(old, redis);
      part(old, redis, proxy);
      save(old);
      follow(old, stock.port());
      awaitSame(redis, old);
      assertEquals("2", redis.info("stats", "sync_full"), node::output);
      assertTrue(node.output().contains("data of which no snapshot is left"), node::output);
    }
  }

  @Test
  void shouldFollowAMasterThatDoesNotLetItSeeInfo() throws IOException {
    try (RedisServerProcess stock =
            redis("--user", "bob", "on", ">secret", "+psync", "+replconf", "+ping", "&*");
        RespClient redis = new RespClient(stock.port());
        ChronolithProcess node =
            chronolith(
                ChronolithProcess.freePort(), "--masteruser", "bob", "--masterauth", "secret");
        RespClient old = node.connect()) {
      fill(redis, "first", 100);
      follow(old, stock.port());
      awaitSame(redis, old);
      redis.call("CLIENT", "KILL", "TYPE", "replica");
      redis.call("SET", "after", "the cut");
      awaitSame(redis, old);
      assertEquals("1", redis.info("stats", "sync_full"));
      assertEquals("1", redis.info("stats", "sync_partial_ok"));
      assertTrue(
          node.output().contains("(Non critical) Master does not answer INFO: -NOPERM"),
          node::output);
    }
  }
}
