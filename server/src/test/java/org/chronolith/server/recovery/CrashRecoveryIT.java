package org.chronolith.server.recovery;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, killed with -9, and what they have after the next start. */
@Tag("slow")
class CrashRecoveryIT {
  private static final int KILLS = 6;
  private static final int KEYS_PER_WRITER = 5_000;
  private static final int WRITERS = 3;

  /**
   * At least, by all of them: those of all rounds take more of the log than a snapshot waits for.
   */
  private static final int WRITES_PER_ROUND = 15_000;

  private static final String[] SMALL_FILES = {
    "--log-segment-bytes", "1mb",
    "--repl-log-retention-bytes", "1mb",
    "--snapshot-trigger-log-bytes", "3mb",
    "--enable-debug-command", "yes"
  };

  @TempDir Path data;
  private int port;

  @BeforeEach
  void choosePort() {
    port = ChronolithProcess.freePort();
  }

  /**
   * A replica's start replays so much log that a snapshot is due at once. What it is then sent goes
   * on in the database that its master has selected long before, and says so nowhere.
   */
  @Test
  void shouldStoreTheStreamsDatabaseWithASnapshotThatIsDueAtTheStart(@TempDir Path followers)
      throws Exception {
    int other = ChronolithProcess.freePort();
    String[] often = {
      "--replicaof", "127.0.0.1 " + port,
      "--enable-debug-command", "yes",
      "--snapshot-trigger-log-bytes", "8192"
    };
    String[] seldom = often.clone();
    seldom[often.length - 1] = "64mb";
    try (ChronolithProcess master =
            ChronolithProcess.start(data, port, "--enable-debug-command", "yes");
        RespClient client = master.connect()) {
      client.call("SELECT", "3");
      try (ChronolithProcess replica = ChronolithProcess.start(followers, other, seldom)) {
        for (int i = 0; i < 200; i++) {
          client.call("SET", "before:" + i, "x".repeat(100));
        }
        awaitSame(client, replica);
        replica.kill();
      }
      try (ChronolithProcess replica = ChronolithProcess.start(followers, other, often)) {
        await("a snapshot is due at once", () -> replica.output().contains(" complete in "));
        client.call("SET", "after", "in the same database");
        awaitSame(client, replica);
        replica.kill();
      }
      try (ChronolithProcess replica = ChronolithProcess.start(followers, other, seldom)) {
        awaitSame(client, replica);
        try (RespClient follower = replica.connect()) {
          assertEquals(client.call("DEBUG", "DIGEST"), follower.call("DEBUG", "DIGEST"));
        }
      }
    }
  }

  private static void awaitSame(RespClient master, ChronolithProcess replica) throws Exception {
    try (RespClient follower = replica.connect()) {
      await(
          "the replica has all",
          () ->
              "up".equals(follower.info("replication", "master_link_status"))
                  && follower
                      .info("replication", "master_repl_offset")
                      .equals(master.info("replication", "master_repl_offset")));
    }
  }

  /**
   * Writers count up over a ring of keys, so that each key's value says how far its writer came:
   * after a kill it is at least what was acknowledged, and at most what was sent.
   */
  @Test
  void shouldHaveEveryAcknowledgedWriteAfterKills() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer(i, port));
    }
    String lastId = "";
    for (int round = 0; round < KILLS; round++) {
      try (ChronolithProcess server = ChronolithProcess.start(data, port, SMALL_FILES)) {
        try (RespClient client = server.connect()) {
          for (Writer writer : writers) {
            writer.check(client, "seed " + seed + ", round " + round);
          }
          String id = client.info("replication", "master_replid");
          assertNotEquals(lastId, id, "a new id after an unclean stop");
          if (round > 0) {
            assertEquals(lastId, client.info("replication", "master_replid2"));
          }
          lastId = id;
        }
        long before = acknowledged(writers);
        for (Writer writer : writers) {
          writer.start();
        }
        await("writes", () -> acknowledged(writers) >= before + WRITES_PER_ROUND);
        long runMs = 300 + random.nextInt(1_500);
        TimeUnit.MILLISECONDS.sleep(runMs);
        server.kill();
        for (Writer writer : writers) {
          writer.join();
        }
      }
    }
    try (ChronolithProcess server = ChronolithProcess.start(data, port, SMALL_FILES);
        RespClient client = server.connect()) {
      for (Writer writer : writers) {
        writer.check(client, "seed " + seed + ", at the end");
      }
      await(
          "a snapshot, for which the log grew enough",
          () -> Long.parseLong(client.info("persistence", "chronolith_snapshot_offset")) > 0);
    }
  }

  private static long acknowledged(List<Writer> writers) {
    return writers.stream().mapToLong(writer -> writer.acknowledged).sum();
  }

  @Test
  void shouldKeepAbsoluteExpiryTimesOverAKill() throws Exception {
    long farMs = System.currentTimeMillis() + 1_000_000;
    long soonMs;
    try (ChronolithProcess server = ChronolithProcess.start(data, port);
        RespClient client = server.connect()) {
      client.call("SET", "far", "1", "PXAT", Long.toString(farMs));
      client.call("SET", "persistent", "1", "PX", "1");
      client.call("SET", "snapshotted", "1");
      client.call("PEXPIREAT", "snapshotted", Long.toString(farMs + 1));
      assertEquals("OK", client.call("SAVE"));
      client.call("RPUSH", "list", "a", "b");
      client.call("PEXPIRE", "list", "900000");
      // In one piece, so that it is still there.
      client.send("SET", "soon", "1", "PX", "2500");
      client.send("PEXPIRETIME", "soon");
      client.flush();
      assertEquals("OK", client.receive());
      soonMs = (Long) client.receive();
      server.kill();
    }
    try (ChronolithProcess server = ChronolithProcess.start(data, port);
        RespClient client = server.connect()) {
      assertEquals(farMs, client.call("PEXPIRETIME", "far"));
      assertEquals(farMs + 1, client.call("PEXPIRETIME", "snapshotted"));
      assertTrue((Long) client.call("PTTL", "list") > 800_000);
      assertNull(client.call("GET", "persistent"));
      await("soon expires at its old time", () -> client.call("GET", "soon") == null);
      assertTrue(System.currentTimeMillis() >= soonMs);
    }
  }

  @Test
  void shouldStartFromSnapshotAndTheRestOfATrimmedLog() throws Exception {
    String digest;
    String offset;
    String value = "v".repeat(1_000);
    try (ChronolithProcess server = ChronolithProcess.start(data, port, SMALL_FILES);
        RespClient client = server.connect()) {
      for (int i = 0; i < 8_000; i++) {
        client.send("SET", "key:" + i, value + i);
        if (i % 100 == 0) {
          client.send("HSET", "hash", "field:" + i, value);
          client.send("ZADD", "zset", Integer.toString(i), "member:" + i);
        }
      }
      client.flush();
      for (int i = 0; i < 8_000 + 160; i++) {
        client.receive();
      }
      await("no other snapshot runs, or is about to", () -> isSaved(client));
      await(
          "the log is trimmed",
          () -> Long.parseLong(client.info("persistence", "chronolith_log_start_offset")) > 0);
      client.call("SELECT", "5");
      client.call("SADD", "set", "a", "b", "c");
      client.call("DEL", "missing");
      client.call("SELECT", "0");
      client.call("DEL", "key:77");
      client.call("HDEL", "hash", "field:100");
      digest = (String) client.call("DEBUG", "DIGEST");
      offset = client.info("replication", "master_repl_offset");
      server.kill();
    }
    try (ChronolithProcess server = ChronolithProcess.start(data, port, SMALL_FILES);
        RespClient client = server.connect()) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"));
      assertEquals(offset, client.info("replication", "master_repl_offset"));
      assertEquals(8_000L - 1 + 2, client.call("DBSIZE"));
      assertEquals(0, server.stop());
    }
    try (ChronolithProcess server = ChronolithProcess.start(data, port, SMALL_FILES);
        RespClient client = server.connect()) {
      assertEquals(digest, client.call("DEBUG", "DIGEST"), "after a clean stop");
      assertEquals(offset, client.info("replication", "master_repl_offset"));
    }
  }

  @Test
  void shouldKeepTheReplicationIdOverACleanStopAndRefuseASecondServer() {
    String id;
    try (ChronolithProcess server = ChronolithProcess.start(data, port);
        RespClient client = server.connect()) {
      client.call("SET", "a", "1");
      id = client.info("replication", "master_replid");
      try (ChronolithProcess second =
          ChronolithProcess.launch(data, ChronolithProcess.freePort())) {
        assertEquals(1, second.awaitExit());
        assertTrue(
            second.output().contains("is in use by process " + server.pid()), second.output());
      }
      assertEquals(0, server.stop());
    }
    try (ChronolithProcess server = ChronolithProcess.start(data, port);
        RespClient client = server.connect()) {
      assertEquals("1", client.call("GET", "a"));
      assertEquals(id, client.info("replication", "master_replid"));
    }
  }

  private static boolean isSaved(RespClient client) {
    try {
      return "OK".equals(client.call("SAVE"));
    } catch (RespClient.ErrorReply e) {
      assertEquals("ERR Background save already in progress", e.getMessage());
      return false;
    }
  }

  /** Pipelines {@code SET writer:<n modulo ring> <n>} until the connection breaks. */
  private static final class Writer {
    private static final int PIPELINE = 64;

    private final int number;
    private final int port;
    private final long[] acknowledgedByKey = new long[KEYS_PER_WRITER];
    private final long[] sentByKey = new long[KEYS_PER_WRITER];
    private long sent;
    private Thread thread;
    private volatile Throwable failure;
    volatile long acknowledged;

    Writer(int number, int port) {
      this.number = number;
      this.port = port;
    }

    void start() {
      failure = null;
      thread = new Thread(this::run, "writer-" + number);
      thread.start();
    }

    void join() throws InterruptedException {
      thread.join(TimeUnit.SECONDS.toMillis(30));
      assertTrue(!thread.isAlive(), thread.getName() + " does not end");
      assertNull(failure, () -> thread.getName() + ": " + Arrays.toString(failure.getStackTrace()));
    }

    private void run() {
      try (RespClient client = new RespClient(port)) {
        for (; ; ) {
          long first = sent + 1;
          for (int i = 0; i < PIPELINE; i++) {
            sent++;
            sentByKey[key(sent)] = sent;
            client.send("SET", name(key(sent)), Long.toString(sent));
          }
          client.flush();
          for (int i = 0; i < PIPELINE; i++) {
            if (!"OK".equals(client.receive())) {
              throw new AssertionError("a SET was not answered with OK");
            }
            acknowledgedByKey[key(first + i)] = first + i;
            acknowledged++;
          }
        }
      } catch (RespClient.Disconnected e) {
        // The kill that the test is about.
        return;
      } catch (Throwable e) {
        failure = e;
      }
    }

    void check(RespClient client, String when) {
      for (int key = 0; key < KEYS_PER_WRITER; key++) {
        client.send("GET", name(key));
      }
      client.flush();
      for (int key = 0; key < KEYS_PER_WRITER; key++) {
        Object reply = client.receive();
        long found = reply == null ? 0 : Long.parseLong((String) reply);
        assertTrue(
            found >= acknowledgedByKey[key] && found <= sentByKey[key],
            when
                + ": "
                + name(key)
                + " is "
                + found
                + ", acknowledged "
                + acknowledgedByKey[key]
                + ", sent "
                + sentByKey[key]);
      }
    }

    private static int key(long n) {
      return (int) (n % KEYS_PER_WRITER);
    }

    private String name(int key) {
      return "writer" + number + ":" + key;
    }
  }
}
