package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.chronolith.server.testing.Await.isCaughtUp;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Chronolith that follows a real redis-server, and takes over from it. */
@Tag("slow")
@RequiresRedis
class StockMasterIT {
  @TempDir Path directory;

  @Test
  void shouldFollowWithOneFullSyncThroughCutsAndKillsAndTakeOver() throws IOException {
    try (RedisServerProcess redis = redis("--repl-diskless-sync", "no");
        RespClient master = new RespClient(redis.port())) {
      fill(master);
      try (ChronolithProcess first = follow(redis);
          RespClient replica = first.connect()) {
        awaitEqual(master, replica);
        write(master, "live");
        awaitEqual(master, replica);
        master.call("CLIENT", "KILL", "TYPE", "replica");
        write(master, "after a cut");
        awaitEqual(master, replica);
        await(
            () ->
                first
                    .output()
                    .contains(
                        "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization."));
        first.kill();
      }
      write(master, "while it was dead");
      try (ChronolithProcess second = follow(redis);
          RespClient replica = second.connect()) {
        awaitEqual(master, replica);
        assertEquals("1", master.info("stats", "sync_full"));
        assertEquals("2", master.info("stats", "sync_partial_ok"));
        assertEquals(
            master.info("replication", "master_replid"),
            replica.info("replication", "master_replid"));

        replica.call("REPLICAOF", "NO", "ONE");
        assertEquals("OK", replica.call("SET", "written", "here"));
        String id = replica.info("replication", "master_replid2");
        assertEquals(master.info("replication", "master_replid"), id);
        // And back again: the redis-server goes on from it.
        master.call("REPLICAOF", "127.0.0.1", Integer.toString(second.port()));
        await(() -> "here".equals(master.call("GET", "written")));
        awaitEqual(replica, master);
        assertEquals("0", replica.info("stats", "sync_full"));
        assertEquals("1", replica.info("stats", "sync_partial_ok"));
      }
    }
  }

  @Test
  void shouldTakeAStreamedRdb() throws IOException {
    try (RedisServerProcess redis =
            redis("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0");
        RespClient master = new RespClient(redis.port())) {
      fill(master);
      master.call("SET", "five MB", "0123456789".repeat(500_000));
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        write(master, "live");
        awaitEqual(master, replica);
        await(() -> node.output().contains("streamed RDB"));
      }
      // A stop at once after the full sync, cleanly: the checkpoint is there.
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        assertEquals("1", master.info("stats", "sync_full"));
      }
    }
  }

  @Test
  void shouldRefuseByNameWhatItLacksAndKeepWhatItHas() throws IOException {
    try (RedisServerProcess redis = redis("--repl-diskless-sync", "no");
        RespClient master = new RespClient(redis.port());
        ChronolithProcess node = start();
        RespClient replica = node.connect()) {
      replica.call("SET", "old", "data");
      master.call("XADD", "events", "*", "a", "b");
      replica.call("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
      await(
          () ->
              error(replica)
                  .contains("the key 'events' of database 0 is a stream, a type that this server"));
      assertEquals("data", replica.call("GET", "old"));

      master.call("DEL", "events");
      replica.call("REPLICAOF", "NO", "ONE");
      replica.call("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
      awaitEqual(master, replica);
      master.call("SET", "before", "applied");
      master.call("MULTI");
      master.call("SET", "beside", "not applied");
      master.call("XADD", "events", "*", "a", "b");
      master.call("EXEC");
      master.call("SET", "after", "not applied");
      await(() -> error(replica).contains("'XADD'"));
      assertEquals("down", replica.info("replication", "master_link_status"));
      assertEquals("applied", replica.call("GET", "before"));
      assertEquals(null, replica.call("GET", "beside"));
      assertEquals(null, replica.call("GET", "after"));

      // Anew, since the stream from there on has that command for ever; by way of a master, too.
      master.call("DEL", "events");
      replica.call("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
      awaitEqual(master, replica);
      assertEquals("not applied", replica.call("GET", "after"));
      master.call("XADD", "events", "*", "a", "b");
      await(() -> error(replica).contains("'XADD'"));
      master.call("DEL", "events");
      String fullSyncs = master.info("stats", "sync_full");
      replica.call("REPLICAOF", "NO", "ONE");
      replica.call("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
      awaitEqual(master, replica);
      assertEquals(
          Long.parseLong(fullSyncs) + 1, Long.parseLong(master.info("stats", "sync_full")));
      // And that is all: it goes on by itself from then on.
      master.call("CLIENT", "KILL", "TYPE", "replica");
      master.call("SET", "after", "applied");
      awaitEqual(master, replica);
      assertEquals(
          Long.parseLong(fullSyncs) + 1, Long.parseLong(master.info("stats", "sync_full")));
    }
  }

  @Test
  void shouldStopBeforeAPayloadThatItLacksTheTypeOfAndSayItAgainAfterARestart() throws IOException {
    try (RedisServerProcess redis = redis();
        RespClient master = new RespClient(redis.port())) {
      master.call("XADD", "events", "*", "a", "b");
      master.call(
          "EVAL",
          "redis.call('SET', KEYS[2], redis.call('DUMP', KEYS[1])) redis.call('DEL', KEYS[1])",
          "2",
          "events",
          "payload");
      String why = "the command 'RESTORE' of the key 'restored' at offset ";
      String type = "the payload is a stream, a type that this server does not have";
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        master.call("SET", "before", "applied");
        master.call(
            "EVAL",
            "redis.call('SET', 'beside', 'not applied')"
                + " redis.call('RESTORE', KEYS[1], 0, redis.call('GET', KEYS[2]))",
            "2",
            "restored",
            "payload");
        await(() -> error(replica).contains(why) && error(replica).contains(type));
        assertEquals("applied", replica.call("GET", "before"));
        assertEquals(null, replica.call("GET", "beside"));
        node.kill();
      }
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        await(() -> error(replica).contains(why) && error(replica).contains(type));
        assertEquals("applied", replica.call("GET", "before"));
      }
    }
  }

  @Test
  void shouldStopBeforeADatabaseThatItLacks() throws IOException {
    try (RedisServerProcess redis = redis("--databases", "32");
        RespClient master = new RespClient(redis.port());
        ChronolithProcess node = follow(redis);
        RespClient replica = node.connect()) {
      awaitEqual(master, replica);
      master.call("SET", "before", "applied");
      master.call("SELECT", "20");
      master.call("SET", "key", "not applied");
      await(() -> error(replica).contains("' of database 20 at offset "));
      assertEquals("applied", replica.call("GET", "before"));
      replica.call("REPLICAOF", "NO", "ONE");
      assertEquals("OK", replica.call("SET", "here", "written"));
    }
  }

  /** They change no key. What they do when they run comes as its effects. */
  @Test
  void shouldNameFunctionsOfTheStreamAndGoOn() throws IOException {
    try (RedisServerProcess redis = redis();
        RespClient master = new RespClient(redis.port())) {
      master.call("SET", "before", "them");
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        master.call(
            "FUNCTION",
            "LOAD",
            "#!lua name=lib\nredis.register_function('write', function(keys) return"
                + " redis.call('SET', keys[1], 'by a function') end)");
        master.call("FCALL", "write", "1", "key");
        master.call("EVAL", "return redis.call('SET', KEYS[1], 'by a script')", "1", "other");
        awaitEqual(master, replica);
        assertEquals("by a function", replica.call("GET", "key"));
        assertEquals("by a script", replica.call("GET", "other"));
        await(() -> node.output().contains("skipped FUNCTION LOAD"));
        master.call("FUNCTION", "FLUSH");
        master.call("SET", "behind", "them");
        awaitEqual(master, replica);
        node.kill();
      }
      // A start reads them from the log.
      try (ChronolithProcess node = follow(redis);
          RespClient replica = node.connect()) {
        awaitEqual(master, replica);
        assertEquals("1", master.info("stats", "sync_full"));
      }
    }
  }

  private static String error(RespClient replica) {
    String all = (String) replica.call("INFO", "replication");
    int at = all.indexOf("master_link_error:");
    return at < 0 ? "" : all.substring(at, all.indexOf('\r', at));
  }

  private RedisServerProcess redis(String... directives) throws IOException {
    String[] all = new String[directives.length + 2];
    all[0] = "--enable-debug-command";
    all[1] = "yes";
    System.arraycopy(directives, 0, all, 2, directives.length);
    return RedisServerProcess.start(Files.createDirectories(directory.resolve("redis")), all);
  }

  private ChronolithProcess start(String... more) {
    String[] all = new String[more.length + 2];
    all[0] = "--enable-debug-command";
    all[1] = "yes";
    System.arraycopy(more, 0, all, 2, more.length);
    return ChronolithProcess.start(
        directory.resolve("chronolith"), ChronolithProcess.freePort(), all);
  }

  private ChronolithProcess follow(RedisServerProcess redis) {
    return start("--replicaof", "127.0.0.1 " + redis.port());
  }

  /** The same data at the same offset, once the master has removed what has expired there. */
  private static void awaitEqual(RespClient master, RespClient replica) {
    await(
        () ->
            isCaughtUp(master, replica)
                && master.call("DEBUG", "DIGEST").equals(replica.call("DEBUG", "DIGEST")));
  }

  private static void write(RespClient client, String tag) {
    client.call("SELECT", "5");
    client.call("SET", tag, "in five");
    client.call("SELECT", "0");
    client.call("MULTI");
    client.call("INCR", "counter");
    client.call("LPUSH", "log", tag);
    client.call("EXEC");
    client.call("SPOP", "set", "3");
    client.call("SET", "volatile " + tag, "x", "EX", "100000");
    client.call("EXPIRE", "hash", "100000");
    client.call("INCRBYFLOAT", "float", "0.1");
    client.call("PUBLISH", "channel", "message");
    client.call("SET", "short " + tag, "lived", "PX", "1");
  }

  private static void fill(RespClient client) {
    Random random = new Random(4);
    client.call("SET", "plain", "value");
    client.call("SET", "number", "12345");
    client.call("SET", "expiring", "value", "PX", "100000000");
    client.call("SET", "binary", "\u0000\u00ff\r\n");
    client.call("SET", "one MB", "x".repeat(1 << 20));
    for (int i = 0; i < 700; i++) {
      client.call("RPUSH", "list", "element" + i, "y".repeat(random.nextInt(200)));
      client.call("HSET", "hash", "field" + i, "value" + i);
      client.call("ZADD", "zset", Double.toString(random.nextGaussian()), "member" + i);
      client.call("SADD", "set", "member" + i, Integer.toString(i));
      client.call("RPUSH", "small list" + i % 10, Integer.toString(i));
      client.call("SADD", "small ints" + i % 30, Integer.toString(i * 1000));
      client.call("HSET", "small hash" + i % 10, "f" + i, Integer.toString(-i));
      client.call("ZADD", "small zset" + i % 10, Integer.toString(i), "m" + i);
    }
    client.call("RPUSH", "list of large", "a", "z".repeat(100_000), "b");
    client.call("HSET", "hash of large", "a", "z".repeat(9 << 20), "b", "y".repeat(9 << 20));
    client.call("ZADD", "edges", "inf", "a", "-inf", "b", "0", "c", "0.1", "d");
    client.call("SELECT", "3");
    client.call("SADD", "other", "database");
    client.call("SELECT", "0");
  }
}
