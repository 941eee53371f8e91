package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.chronolith.server.testing.SmallVolume;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Full syncs between real processes that are cut, killed, damaged, slowed down and shared. */
@Tag("slow")
class FullSyncIT extends RealNodes {
  private static final int MIB = 1 << 20;
  private static final int VALUE_BYTES = 64 << 10;

  /** Bytes that a replica has of the data set that it receives; 0 if it receives none. */
  private static long received(ChronolithProcess replica) {
    boolean syncing =
        replica.call("INFO", "replication").toString().contains("master_sync_read_bytes:");
    return syncing ? replica.number("replication", "master_sync_read_bytes") : 0;
  }

  /** Values that no compression makes smaller, with a database and types of all kinds beside. */
  private static void fill(ChronolithProcess node, long seed, int mebibytes) {
    Random random = new Random(seed);
    int count = (int) ((long) mebibytes * MIB / VALUE_BYTES);
    StringBuilder value = new StringBuilder();
    try (RespClient client = node.connect()) {
      for (int i = 0; i < count; i++) {
        value.setLength(0);
        while (value.length() < VALUE_BYTES) {
          value.append((char) ('0' + random.nextInt(75)));
        }
        client.send("SET", "value" + i, value.toString());
        client.send("RPUSH", "list" + i % 7, "x" + i, "y" + i);
        client.send("HSET", "hash" + i % 5, "f" + i, "v" + i);
        client.flush();
        for (int reply = 0; reply < 3; reply++) {
          client.receive();
        }
      }
    }
  }

  /** Bytes of the master's newest checkpoint, as its log says. */
  private static long checkpointBytes(ChronolithProcess replica) {
    String before = "receiving ";
    String line = replica.awaitLine(before);
    int from = line.indexOf(before) + before.length();
    return Long.parseLong(line.substring(from, line.indexOf(' ', from)));
  }

  private void awaitResumed(ChronolithProcess master, ChronolithProcess replica, int times) {
    await(times + " times", () -> master.number("stats", "sync_full_resumed") >= times);
  }

  @Test
  void shouldGoOnInTheMiddleOfAFileAfterEachCut() {
    ChronolithProcess master = start("a");
    fill(master, 1, 100);
    ChronolithProcess replica = start("b");
    replica.call("SET", "old", "data");
    LinkProxy proxy = proxyOf(master);
    proxy.cutAfter(2 * MIB, 10 * MIB, 11 * MIB, 12 * MIB, 13 * MIB, 14 * MIB);
    // So that it cannot end before it was looked at.
    proxy.slow(MIB);
    follow(replica, proxy.port());
    await("a part", () -> received(replica) > 0);
    assertEquals("data", replica.call("GET", "old"), "while it syncs");
    awaitResumed(master, replica, 1);
    assertEquals("data", replica.call("GET", "old"), "after a cut");
    proxy.slow(0);
    awaitResumed(master, replica, 6);
    awaitSame(master, replica);
    assertEquals(null, replica.call("GET", "old"));
    assertEquals("1", master.info("stats", "sync_full"));
    long bytes = checkpointBytes(replica);
    assertTrue(bytes > 90L * MIB, bytes + " bytes");
    assertTrue(
        proxy.bytesBack() < 1.3 * bytes,
        proxy.bytesBack() + " bytes were sent of " + bytes + ":\n" + replica.output());
    replica.awaitLine("that are there already");
    master.awaitLine(" goes on: ");
  }

  @Test
  void shouldGoOnAfterACutInTheMiddleOfMeta() {
    // Nothing follows META then.
    ChronolithProcess master =
        start("a", ChronolithProcess.freePort(), "--repl-ping-replica-period", "3600");
    fill(master, 7, 4);
    ChronolithProcess first = start("b");
    follow(first, master.port());
    awaitSame(master, first);
    // What a full sync from a checkpoint that is there already takes, to the byte.
    ChronolithProcess second = start("c");
    LinkProxy measured = proxyOf(master);
    follow(second, measured.port());
    awaitSame(master, second);
    ChronolithProcess third = start("d");
    LinkProxy cut = proxyOf(master);
    cut.cutAfter(measured.bytesBack() - 10);
    follow(third, cut.port());
    awaitSame(master, third);
    assertEquals("3", master.info("stats", "sync_full"), third::output);
    assertEquals("1", master.info("stats", "sync_full_resumed"), third::output);
  }

  @Test
  void shouldGoOnAfterTheReplicaWasKilled() {
    ChronolithProcess master = start("a");
    fill(master, 2, 60);
    LinkProxy proxy = proxyOf(master);
    proxy.slow(10 * MIB);
    String[] following = {"--replicaof", "127.0.0.1 " + proxy.port()};
    ChronolithProcess replica = start("b", ChronolithProcess.freePort(), following);
    ChronolithProcess first = replica;
    await("a half", () -> received(first) > 30L * MIB);
    assertTrue(first.number("replication", "master_sync_left_bytes") > 0);
    assertTrue(first.number("replication", "master_sync_total_bytes") > 50L * MIB);
    long bytes = checkpointBytes(first);
    replica.kill();
    proxy.heal();
    replica = start("b", replica.port(), following);
    awaitSame(master, replica);
    assertEquals("1", master.info("stats", "sync_full"));
    assertEquals("1", master.info("stats", "sync_full_resumed"));
    assertTrue(proxy.bytesBack() < 1.3 * bytes, proxy.bytesBack() + " were sent of " + bytes);
  }

  @Test
  void shouldGoOnAfterTheMasterWasKilledAndElseBeginAnew() {
    int port = ChronolithProcess.freePort();
    ChronolithProcess master = start("a", port);
    fill(master, 3, 60);
    ChronolithProcess replica = start("b");
    replica.call("SET", "old", "data");
    LinkProxy proxy = proxyOf(master);
    proxy.slow(10 * MIB);
    follow(replica, proxy.port());
    await("a third", () -> received(replica) > 20L * MIB);
    long bytes = checkpointBytes(replica);
    master.kill();
    master = start("a", port);
    ChronolithProcess again = master;
    await("the rest to begin", () -> again.number("stats", "sync_full_resumed") == 1);
    assertEquals("0", again.info("stats", "sync_full"));

    // Now without the checkpoint: it is superseded, and not kept.
    proxy.refuse(true);
    again.call("CONFIG", "SET", "repl-full-sync-resume-seconds", "0");
    again.call("CONFIG", "SET", "snapshot-older-checkpoints", "0");
    fill(again, 4, 10);
    again.call("SAVE");
    await("the checkpoint to go", () -> lastHeld(again) == 0);
    assertEquals("data", replica.call("GET", "old"));
    proxy.heal();
    awaitSame(again, replica);
    assertEquals("1", again.info("stats", "sync_full"));
    String expected = "the master does not go on with checkpoint";
    replica.awaitLine(expected);
    assertEquals(1, replica.output().split(expected, -1).length - 1, replica::output);
    again.awaitLine("which is not kept any more");
    assertTrue(bytes > 50L * MIB);
  }

  /** Checkpoints besides the newest. */
  private long lastHeld(ChronolithProcess node) {
    java.io.File[] all =
        directory
            .resolve("a")
            .resolve("gen-1")
            .resolve("snapshot")
            .toFile()
            .listFiles((dir, name) -> name.startsWith("checkpoint-"));
    assertTrue(all != null && all.length > 0, node::output);
    return all.length - 1;
  }

  @Test
  void shouldRefuseDamagedBytesAndReceiveThatFileAgain() {
    ChronolithProcess master = start("a");
    fill(master, 5, 30);
    master.call("SET", "marked", "~what~comes~damaged~");
    ChronolithProcess replica = start("b");
    replica.call("SET", "old", "data");
    LinkProxy proxy = proxyOf(master);
    proxy.damage("~what~comes~damaged~");
    follow(replica, proxy.port());
    replica.awaitLine("arrived with checksum");
    assertFalse(proxy.isToDamage());
    awaitSame(master, replica);
    assertEquals("~what~comes~damaged~", replica.call("GET", "marked"));
    // It went on with the damaged file, or began anew if that was the first one.
    assertEquals(
        2, master.number("stats", "sync_full") + master.number("stats", "sync_full_resumed"));
  }

  @Test
  void shouldStayAsItWasWhenTheReplicasDiskIsFull() throws IOException {
    ChronolithProcess master = start("a");
    fill(master, 8, 50);
    Path mountPoint = Files.createDirectory(directory.resolve("small"));
    try (SmallVolume volume = SmallVolume.mount(mountPoint, 400)) {
      ChronolithProcess replica = start("small/b");
      fill(replica, 9, 5);
      final Object digest = replica.call("DEBUG", "DIGEST");
      LinkProxy proxy = proxyOf(master);
      proxy.slow(8 * MIB);
      follow(replica, proxy.port());
      await("a part", () -> received(replica) > 10L * MIB);
      volume.fill(0);
      replica.awaitLine("No space left on device");
      replica.awaitLine("the volume has no room for");
      assertEquals(digest, replica.call("DEBUG", "DIGEST"));
      try (Stream<Path> entries = Files.list(mountPoint.resolve("b"))) {
        assertEquals(
            1, entries.filter(path -> path.getFileName().toString().startsWith("gen-")).count());
      }
      volume.free();
      proxy.heal();
      awaitSame(master, replica);
      // Its files are gone before the volume is.
      replica.stop();
    }
  }

  @Test
  void shouldShareOneCheckpointAndOneRateAmongReplicas() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort(), "--save", "");
    fill(master, 6, 40);
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "8mb");
    List<ChronolithProcess> replicas = new ArrayList<>();
    for (String name : List.of("b", "c", "d")) {
      replicas.add(start(name));
    }
    replicas.forEach(replica -> follow(replica, master.port()));
    for (ChronolithProcess replica : replicas) {
      await("a part", () -> received(replica) > MIB);
    }
    long startNanos = System.nanoTime();
    long before = sent(master);
    await("five seconds", () -> System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(5));
    long rate = (sent(master) - before) / 5;
    assertTrue(rate > 2 * MIB && rate < 12 * MIB, rate + " bytes a second to all of them");
    assertTrue(master.number("replication", "master_repl_offset") > 0);
    ChronolithProcess one = replicas.get(0);
    assertEquals("1", one.info("replication", "master_sync_in_progress"));
    assertTrue(Double.parseDouble(one.info("replication", "master_sync_perc")) > 0);
    assertTrue(one.number("replication", "master_sync_last_io_seconds_ago") <= 2);
    master.awaitLine("Full sync with replica 127.0.0.1:" + one.port() + ": ");
    one.awaitLine("MASTER <-> REPLICA sync: ");
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "0");
    replicas.forEach(replica -> awaitSame(master, replica));
    assertEquals("3", master.info("stats", "sync_full"));
    assertEquals(1, master.output().split("Snapshot at offset \\d+ started", -1).length - 1);
  }

  private static final String[] SMALL_LOG = {
    "--save", "", "--repl-log-retention-bytes", "8mb", "--log-segment-bytes", "4mb"
  };

  /** Writes that much to a few keys, so that the log grows and the data does not. */
  private static void write(ChronolithProcess node, int mebibytes) {
    String value = "x".repeat(MIB);
    try (RespClient client = node.connect()) {
      for (int i = 0; i < mebibytes; i++) {
        client.call("SET", "written" + i % 4, value + i);
      }
    }
  }

  /** A snapshot, so that nothing but replicas needs the log below here; and looks at the log. */
  private void saveAndTrim(ChronolithProcess node) {
    String before = node.info("persistence", "rdb_saves");
    node.call("BGSAVE");
    await("the snapshot", () -> !node.info("persistence", "rdb_saves").equals(before));
    long startNanos = System.nanoTime();
    await("two looks", () -> System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(2));
  }

  @Test
  void shouldKeepTheLogOfAFullSyncHoweverMuchIsWrittenMeanwhile() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort(), SMALL_LOG);
    fill(master, 10, 32);
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "1mb");
    ChronolithProcess replica = start("b");
    follow(replica, master.port());
    await("a part", () -> received(replica) > MIB / 2);
    // More than the four times 8 MiB that are kept for a replica that is away.
    write(master, 60);
    saveAndTrim(master);
    assertTrue(received(replica) > 0, "it must not be over yet: " + replica.output());
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "0");
    awaitSame(master, replica);
    assertEquals("1", master.info("stats", "sync_full"), master::output);
    assertFalse(master.output().contains("on the log ends"), master::output);
    saveAndTrim(master);
    await(
        "the log to be trimmed",
        () -> master.number("replication", "repl_backlog_histlen") < 20L * MIB);
  }

  /** As redis-cli --replica: it never says how far it has come. */
  @Test
  void shouldNotKeepTheLogForAClientThatHasSaidSync() throws Exception {
    ChronolithProcess master = start("a", ChronolithProcess.freePort(), SMALL_LOG);
    fill(master, 13, 4);
    try (Socket socket = new Socket("127.0.0.1", master.port())) {
      socket.getOutputStream().write("SYNC\r\n".getBytes(StandardCharsets.US_ASCII));
      AtomicLong read = new AtomicLong();
      Thread reader =
          new Thread(
              () -> {
                byte[] bytes = new byte[MIB];
                try {
                  for (int got; (got = socket.getInputStream().read(bytes)) >= 0; ) {
                    read.addAndGet(got);
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              "sync-client");
      reader.start();
      await("the data set", () -> read.get() > 4L * MIB);
      write(master, 60);
      saveAndTrim(master);
      await("the stream", () -> read.get() > 64L * MIB);
      await(
          "the log to be trimmed",
          () -> master.number("replication", "repl_backlog_histlen") < 20L * MIB);
      // It reads an end then.
      socket.shutdownInput();
      reader.join();
    }
  }

  @Test
  void shouldGiveUpAFullSyncThatNeedsMoreLogThanIsAllowedAndBeginAnew() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort(), SMALL_LOG);
    master.call("CONFIG", "SET", "repl-full-sync-log-bytes", "16mb");
    fill(master, 11, 32);
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "1mb");
    ChronolithProcess replica = start("b");
    follow(replica, master.port());
    await("a part", () -> received(replica) > MIB / 2);
    write(master, 20);
    master.awaitLine("more than the 16777216 bytes of repl-full-sync-log-bytes");
    master.call("CONFIG", "SET", "repl-full-sync-rate-limit", "0");
    awaitSame(master, replica);
    assertEquals("2", master.info("stats", "sync_full"), master::output);
    assertEquals(1, master.output().split("is given up", -1).length - 1, master::output);
    assertEquals(1, master.output().split("succeeded", -1).length - 1, master::output);
    assertTrue(replica.output().contains("does not go on with checkpoint"), replica::output);
  }

  /** A replica that stands still must not have others wait for ever. */
  @Test
  void shouldMakeRoomForAReplicaThatWaitsForOneThatTakesNothing() throws IOException {
    ChronolithProcess master =
        start(
            "a",
            ChronolithProcess.freePort(),
            "--repl-timeout",
            "3",
            "--repl-full-sync-max-rdbs",
            "1");
    // More than sockets and buffers take.
    fill(master, 12, 48);
    String request =
        "*3\r\n$8\r\nREPLCONF\r\n$4\r\ncapa\r\n$3\r\neof\r\n"
            + "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n";
    try (Socket standing = new Socket("127.0.0.1", master.port());
        Socket waiting = new Socket("127.0.0.1", master.port())) {
      standing.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      master.awaitLine("Full resync requested by replica");
      await(
          "the first to be served",
          () -> master.info("replication", "slave0").contains("state=send_bulk"));
      waiting.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      waiting.setSoTimeout(20_000);
      StringBuilder answer = new StringBuilder();
      while (answer.indexOf("$EOF:") < 0) {
        int next = waiting.getInputStream().read();
        assertTrue(next >= 0, answer::toString);
        answer.append((char) next);
      }
      assertTrue(
          master.output().contains("Disconnecting timedout replica (full sync)"), master::output);
    }
  }

  /** What the master has given to its replicas' sockets. */
  private static long sent(ChronolithProcess master) {
    long sum = 0;
    for (int i = 0; i < 3; i++) {
      String line = master.info("replication", "slave" + i);
      String field = ",sync_sent_bytes=";
      int at = line.indexOf(field);
      assertTrue(at > 0, line);
      sum += Long.parseLong(line.substring(at + field.length(), line.lastIndexOf(',')));
    }
    return sum;
  }
}
