package org.chronolith.server;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.chronolith.replicationlog.LogDisk;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigLoader;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fails when the log is forced, under a whole server in this process. */
@Tag("slow")
class LogFailureIT {
  private static final String CAUSE = "Input/output error";

  @TempDir Path master;
  @TempDir Path replica;
  private final Disk disk = new Disk();
  private final int port = ChronolithProcess.freePort();
  private final List<Server> running = new ArrayList<>();

  /** Fails forces of segments' files, or lets them wait. */
  private static final class Disk implements LogDisk {
    final AtomicInteger forces = new AtomicInteger();
    final AtomicInteger failures = new AtomicInteger();
    volatile boolean failing;
    volatile boolean speechless;

    /** Only forces of such files fail. */
    volatile Predicate<String> failingAt = file -> true;

    /** Reservations for such files fail. */
    volatile Predicate<String> full = file -> false;

    volatile CountDownLatch waiting = new CountDownLatch(0);

    @Override
    public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
      if (file.toString().endsWith(".cq4") && !metadata) {
        forces.incrementAndGet();
        try {
          waiting.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        if (failing && failingAt.test(file.toString())) {
          failures.incrementAndGet();
          throw speechless ? new IOException() : new IOException(CAUSE);
        }
      }
      LogDisk.super.force(channel, file, metadata);
    }

    @Override
    public void reserve(Path file, long from, long to) throws IOException {
      if (full.test(file.toString())) {
        failures.incrementAndGet();
        throw new IOException("No space left on device");
      }
      LogDisk.super.reserve(file, from, to);
    }
  }

  private Server start(Path data, int at, LogDisk logDisk, String... directives)
      throws ConfigException {
    List<String> words = new ArrayList<>(List.of("--port", "" + at, "--dir", data.toString()));
    words.addAll(List.of(directives));
    Server server = new Server(ConfigLoader.of(words.toArray(new String[0])), logDisk);
    running.add(server);
    server.start();
    await(
        "it serves",
        () -> {
          try (RespClient client = new RespClient(at)) {
            return "PONG".equals(client.call("PING"));
          } catch (RespClient.Disconnected | RespClient.ErrorReply e) {
            return false;
          }
        });
    return server;
  }

  private void stop(Server server) {
    running.remove(server);
    server.stop();
  }

  @AfterEach
  void stopAll() {
    disk.waiting.countDown();
    List.copyOf(running).forEach(this::stop);
  }

  private static void refuses(RespClient client, String... words) {
    RespClient.ErrorReply error =
        assertThrows(RespClient.ErrorReply.class, () -> client.call(words));
    assertTrue(error.getMessage().startsWith("MISCONF "), error.getMessage());
    assertTrue(error.getMessage().contains(CAUSE), error.getMessage());
  }

  @Test
  void shouldNeverSendRepliesThatWaitForAForceThatFailed() throws Exception {
    Server server = start(master, port, disk, "--appendfsync", "always");
    String firstId;
    try (RespClient client = new RespClient(port);
        RespClient writer = new RespClient(port)) {
      assertEquals("OK", client.call("SET", "a", "1"));
      firstId = client.info("replication", "master_replid");
      disk.failing = true;
      assertThrows(RespClient.Disconnected.class, () -> writer.call("SET", "b", "2"));
      await("it is known", () -> "err".equals(info(client, "aof_last_write_status")));
      int forces = disk.forces.get();
      disk.failing = false;
      refuses(client, "SET", "c", "3");
      refuses(client, "DEL", "a");
      refuses(client, "REPLICAOF", "NO", "ONE");
      for (String save : List.of("SAVE", "BGSAVE")) {
        RespClient.ErrorReply refusal =
            assertThrows(RespClient.ErrorReply.class, () -> client.call(save));
        assertEquals("ERR the log failed: " + CAUSE, refusal.getMessage());
      }
      assertEquals("1", client.call("GET", "a"));
      assertEquals(CAUSE, info(client, "chronolith_log_failure"));
      assertEquals("1", info(client, "chronolith_log_failed"));
      assertEquals(forces, disk.forces.get(), "a failed force is never tried again");
    }
    stop(server);
    start(master, port, LogDisk.SYSTEM);
    try (RespClient client = new RespClient(port)) {
      assertEquals("1", client.call("GET", "a"));
      assertNull(client.call("GET", "c"));
      assertNotEquals(firstId, client.info("replication", "master_replid"));
      assertEquals(firstId, client.info("replication", "master_replid2"));
      assertEquals("OK", client.call("SET", "c", "3"));
    }
  }

  @Test
  void shouldNameAFailureThatSaysNothingOfItself() throws Exception {
    start(master, port, disk, "--appendfsync", "always");
    String name = IOException.class.getName();
    try (RespClient client = new RespClient(port);
        RespClient writer = new RespClient(port)) {
      disk.speechless = true;
      disk.failing = true;
      assertThrows(RespClient.Disconnected.class, () -> writer.call("SET", "b", "2"));
      await("it is known", () -> name.equals(info(client, "chronolith_log_failure")));
      RespClient.ErrorReply refusal =
          assertThrows(RespClient.ErrorReply.class, () -> client.call("SET", "c", "3"));
      assertEquals("MISCONF Errors writing to the AOF file: " + name, refusal.getMessage());
      RespClient.ErrorReply role =
          assertThrows(
              RespClient.ErrorReply.class, () -> client.call("REPLICAOF", "127.0.0.1", "1"));
      assertTrue(role.getMessage().endsWith(name), role.getMessage());
    }
  }

  @Test
  void shouldHideWhatExpiresAfterAFailedForceAndGoOnServing() throws Exception {
    start(master, port, disk, "--appendfsync", "everysec");
    try (RespClient client = new RespClient(port)) {
      // Whatever is forced from now on waits, and then fails.
      disk.waiting = new CountDownLatch(1);
      client.send("SET", "soon", "1", "PX", "1");
      client.send("SET", "stays", "1");
      client.send("SET", "unsure", "1");
      client.flush();
      for (int i = 0; i < 3; i++) {
        assertEquals("OK", client.receive());
      }
      disk.failing = true;
      disk.waiting.countDown();
      await("it is known", () -> "err".equals(info(client, "aof_last_write_status")));
      await("it has expired", () -> client.call("GET", "soon") == null);
      String end = client.info("replication", "master_repl_offset");
      assertEquals("1", client.call("GET", "stays"));
      assertNull(client.call("GET", "soon"));
      assertEquals(end, client.info("replication", "master_repl_offset"));
      refuses(client, "SET", "x", "1");
    }
  }

  /**
   * The writer's own clock shows it without tolerance: what it sent after a second it sent when the
   * first write, of which it had the reply, was more than a second old and not on disk.
   */
  @Test
  void shouldAcknowledgeNoMoreThanASecondThatCouldBeLostWhileTheDiskIsSlow() throws Exception {
    start(master, port, disk, "--appendfsync", "everysec");
    try (RespClient client = new RespClient(port);
        RespClient writer = new RespClient(port)) {
      // What a force that is under way has not taken already is not on disk until the test ends.
      disk.waiting = new CountDownLatch(1);
      AtomicInteger acknowledged = new AtomicInteger();
      AtomicLong firstReply = new AtomicLong();
      AtomicLong lastSent = new AtomicLong();
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                while (!enough.get()) {
                  long sent = System.nanoTime();
                  assertEquals("OK", writer.call("SET", "k", "" + sent));
                  firstReply.compareAndSet(0, System.nanoTime());
                  if (!enough.get()) {
                    lastSent.set(sent);
                    acknowledged.incrementAndGet();
                  }
                }
              });
      await("replies wait", () -> !"0".equals(info(client, "aof_delayed_fsync")));
      int before = acknowledged.get();
      assertTrue(before > 1, "only " + before + " writes were acknowledged");
      assertTrue(lastSent.get() - firstReply.get() < TimeUnit.SECONDS.toNanos(1));
      assertNotNull(client.call("GET", "k"), "reads do not wait");
      enough.set(true);
      assertFalse(writing.isDone());
      assertTrue(Long.parseLong(info(client, "chronolith_log_unsynced_ms")) >= 1000);
      disk.waiting.countDown();
      writing.get(1, TimeUnit.MINUTES);
      await("all is on disk", () -> "0".equals(info(client, "chronolith_log_unsynced_ms")));
      assertEquals("OK", client.call("SET", "last", "1"));
    }
  }

  @Test
  void shouldSendReplicasOnlyWhatIsOnDiskIfToldSo() throws Exception {
    // Its stop does not wait for a replica that will never have all: the test would not end.
    String forever = "3600";
    start(master, port, disk, "--repl-send-durable-only", "yes", "--shutdown-timeout", forever);
    int replicaPort = ChronolithProcess.freePort();
    start(replica, replicaPort, LogDisk.SYSTEM, "--replicaof", "127.0.0.1 " + port);
    try (RespClient client = new RespClient(port);
        RespClient follower = new RespClient(replicaPort)) {
      client.call("SET", "a", "1");
      await("the replica has it", () -> "1".equals(follower.call("GET", "a")));
      int forces = disk.forces.get();
      disk.waiting = new CountDownLatch(1);
      client.call("SET", "b", "2");
      await("it is being forced", () -> disk.forces.get() > forces);
      assertNull(follower.call("GET", "b"));
      disk.failing = true;
      disk.waiting.countDown();
      await("it is known", () -> "err".equals(info(client, "aof_last_write_status")));
      assertNull(follower.call("GET", "b"));
      String durable = info(client, "chronolith_log_durable_offset");
      assertEquals(durable, follower.info("replication", "slave_repl_offset"));
      assertTrue(
          Long.parseLong(durable)
              < Long.parseLong(client.info("replication", "master_repl_offset")));
    }
  }

  /** The last force of a stop comes when the feeds and the link are gone already. */
  @Test
  void shouldStopCleanlyAsAMasterAndAsAReplicaWithBytesNotYetForced() throws Exception {
    Server first = start(master, port, disk, "--appendfsync", "no");
    int replicaPort = ChronolithProcess.freePort();
    Server second =
        start(
            replica,
            replicaPort,
            LogDisk.SYSTEM,
            "--appendfsync",
            "no",
            "--replicaof",
            "127.0.0.1 " + port);
    String id;
    try (RespClient client = new RespClient(port);
        RespClient follower = new RespClient(replicaPort)) {
      id = client.info("replication", "master_replid");
      client.call("SET", "a", "1");
      await("the replica has it", () -> "1".equals(follower.call("GET", "a")));
    }
    stop(second);
    stop(first);
    start(master, port, LogDisk.SYSTEM);
    start(replica, replicaPort, LogDisk.SYSTEM, "--replicaof", "127.0.0.1 " + port);
    try (RespClient client = new RespClient(port)) {
      assertEquals(id, client.info("replication", "master_replid"), "it was a clean stop");
      await("it follows", () -> client.info("replication", "connected_slaves").equals("1"));
      await("by a partial resync", () -> client.info("stats", "sync_partial_ok").equals("1"));
      assertEquals("0", client.info("stats", "sync_full"));
    }
  }

  @Test
  void shouldAnswerAWaitForReplicasThatGetOnlyWhatIsOnDisk() throws Exception {
    start(master, port, disk, "--repl-send-durable-only", "yes", "--appendfsync", "no");
    int replicaPort = ChronolithProcess.freePort();
    start(replica, replicaPort, LogDisk.SYSTEM, "--replicaof", "127.0.0.1 " + port);
    try (RespClient client = new RespClient(port)) {
      await("it follows", () -> client.info("replication", "connected_slaves").equals("1"));
      client.call("SET", "a", "1");
      assertEquals(1L, client.call("WAIT", "1", "20000"));
    }
  }

  /** A node that was a master, with a write of its own that nothing has forced, and now follows. */
  private RespClient follow(int followerPort) throws ConfigException {
    start(master, port, LogDisk.SYSTEM);
    start(replica, followerPort, disk, "--appendfsync", "no");
    try (RespClient client = new RespClient(port)) {
      assertEquals("OK", client.call("SET", "a", "1"));
    }
    RespClient follower = new RespClient(followerPort);
    assertEquals("OK", follower.call("SET", "own", "1"));
    return follower;
  }

  private void followsAndCanBePromoted(RespClient follower) {
    await("it has the data", () -> "1".equals(follower.call("GET", "a")));
    try (RespClient client = new RespClient(port)) {
      assertEquals("OK", client.call("SET", "b", "2"));
    }
    await("it follows", () -> "2".equals(follower.call("GET", "b")));
    takesWrites(follower);
  }

  private static void takesWrites(RespClient node) {
    assertEquals("0", info(node, "chronolith_log_failed"));
    assertEquals("0", info(node, "chronolith_log_space_refused"));
    assertEquals("ok", info(node, "aof_last_write_status"));
    assertEquals("OK", node.call("REPLICAOF", "NO", "ONE"));
    assertEquals("OK", node.call("SET", "c", "3"));
  }

  private static boolean isOfFirstGeneration(String file) {
    return file.contains("/gen-1/");
  }

  @Test
  void shouldFailOnlyTheFullSyncWhoseLogCannotBeForced() throws Exception {
    try (RespClient follower = follow(ChronolithProcess.freePort())) {
      disk.failingAt = file -> !isOfFirstGeneration(file);
      disk.failing = true;
      follower.call("REPLICAOF", "127.0.0.1", "" + port);
      await("it is tried again", () -> disk.failures.get() > 1);
      assertEquals("0", info(follower, "chronolith_log_failed"));
      disk.failing = false;
      followsAndCanBePromoted(follower);
    }
  }

  @Test
  void shouldGoOnWhenTheLogThatAFullSyncReplacesCannotBeForced() throws Exception {
    try (RespClient follower = follow(ChronolithProcess.freePort())) {
      disk.failing = true;
      // Not before the new log is being made: until then the old one is the live one.
      CountDownLatch made = new CountDownLatch(1);
      disk.failingAt =
          file -> {
            if (!isOfFirstGeneration(file)) {
              made.countDown();
              return false;
            }
            return made.getCount() == 0;
          };
      follower.call("REPLICAOF", "127.0.0.1", "" + port);
      await("the old one has failed", () -> disk.failures.get() > 0);
      followsAndCanBePromoted(follower);
      await("it is removed", () -> !Files.exists(replica.resolve("gen-1")));
    }
  }

  @Test
  void shouldTakeWritesAfterAFullSyncThatHadNoSpaceForItsLog() throws Exception {
    try (RespClient follower = follow(ChronolithProcess.freePort())) {
      disk.full = file -> !isOfFirstGeneration(file);
      follower.call("REPLICAOF", "127.0.0.1", "" + port);
      await("it is tried again", () -> disk.failures.get() > 1);
      takesWrites(follower);
      assertEquals("1", follower.call("GET", "own"));
    }
  }

  private static String info(RespClient client, String field) {
    return client.info("persistence", field);
  }
}
