package org.chronolith.server.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.chronolith.server.testing.SmallVolume;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes on a real volume that is filled to the last byte and freed again. */
@Tag("slow")
final class FullDiskIT {
  private static final long CYCLES_MS = 45_000;

  /** On a slow machine it takes longer, up to {@link #MOST_MS}, until there were so many. */
  private static final int LEAST_CYCLES = 20;

  private static final long MOST_MS = 240_000;
  private static final int MOST_CYCLES = 2_000;
  private static final int WRITERS = 3;
  private static final int VOLUME_MIB = 160;
  private static final String MISCONF =
      "MISCONF Errors writing to the AOF file: No space left on device";
  private static final String[] DIRECTIVES = {
    "--save", "",
    "--repl-log-retention-bytes", "4mb",
    "--repl-backlog-size", "1mb",
    "--enable-debug-command", "yes"
  };

  @TempDir Path mountPoint;
  @TempDir Path elsewhere;
  private SmallVolume volume;
  private int port;

  @BeforeEach
  void mount() {
    volume = SmallVolume.mount(mountPoint, VOLUME_MIB);
    port = ChronolithProcess.freePort();
  }

  @AfterEach
  void unmount() {
    if (volume != null) {
      volume.close();
    }
  }

  private Path data() {
    return volume.directory().resolve("data");
  }

  @Test
  void shouldLoseNothingWhileTheVolumeFillsAndEmpties() throws Exception {
    long seed = System.nanoTime();
    String context = "seed " + seed;
    Random random = new Random(seed);
    List<RingWriter> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new RingWriter(i, port, seed + i));
    }
    ChronolithProcess server = ChronolithProcess.start(data(), port, DIRECTIVES);
    try {
      writers.forEach(RingWriter::start);
      long start = System.nanoTime();
      long longestResumeMs = 0;
      int cycles = 0;
      int kills = 0;
      while (goesOn(cycles, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))) {
        cycles++;
        volume.fill(0);
        for (RingWriter writer : writers) {
          long before = writer.refused();
          await(
              context,
              server,
              "a refusal",
              () -> {
                // A snapshot lets the log trim itself, and live on what it frees: that goes too.
                volume.fill(0);
                return writer.refused() > before;
              });
        }
        try (RespClient client = server.connect()) {
          await(
              context,
              server,
              "INFO to say it",
              () -> {
                volume.fill(0);
                return isRefused(client);
              });
          client.call("GET", "writer0:1");
        }
        if (random.nextInt(12) == 0) {
          kills++;
          server.kill();
          for (RingWriter writer : writers) {
            writer.join();
          }
          server = ChronolithProcess.start(data(), port, DIRECTIVES);
          try (RespClient client = server.connect()) {
            for (RingWriter writer : writers) {
              writer.check(client, context + ", after a kill on the full volume");
            }
          }
          writers.forEach(RingWriter::start);
        }
        volume.free();
        long freed = System.nanoTime();
        for (RingWriter writer : writers) {
          long before = writer.acknowledged();
          await(context, server, "writes again", () -> writer.acknowledged() > before);
        }
        longestResumeMs =
            Math.max(longestResumeMs, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - freed));
        // Otherwise the log itself would fill the volume in the end, and there is nothing to free.
        await(context, server, "a snapshot", () -> volume.freeBytes() > VOLUME_MIB << 19);
      }
      server.kill();
      long acknowledged = 0;
      for (RingWriter writer : writers) {
        writer.join();
        acknowledged += writer.acknowledged();
      }
      server = ChronolithProcess.start(data(), port, DIRECTIVES);
      try (RespClient client = server.connect()) {
        for (RingWriter writer : writers) {
          writer.check(client, context + ", at the end");
        }
      }
      System.out.printf(
          "full disk: %d cycles in %d s, %d kills, %d writes acknowledged, longest until writes went on"
              + " %d ms%n",
          cycles,
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
          kills,
          acknowledged,
          longestResumeMs);
      assertTrue(
          cycles >= LEAST_CYCLES && acknowledged > 1_000, cycles + " cycles, " + acknowledged);
      assertTrue(longestResumeMs < 10_000, "writes went on after " + longestResumeMs + " ms");
    } finally {
      server.close();
    }
  }

  private static boolean goesOn(int cycles, long elapsedMs) {
    return elapsedMs < (cycles < LEAST_CYCLES ? MOST_MS : CYCLES_MS) && cycles < MOST_CYCLES;
  }

  @Test
  void shouldRefuseBeforeApplyingAndStopCleanlyOnAFullVolume() throws Exception {
    String value = "v".repeat(100_000);
    try (ChronolithProcess server = ChronolithProcess.start(data(), port, DIRECTIVES);
        RespClient client = server.connect()) {
      client.call("SET", "soon", "x", "PX", "3600000");
      client.call("SADD", "set", "a", "b", "c");
      RespClient.ErrorReply error =
          assertThrows(
              RespClient.ErrorReply.class,
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  volume.fill(0);
                  client.call("SET", "key:" + i, value);
                }
              });
      assertEquals(MISCONF, error.getMessage());
      String digest = (String) client.call("DEBUG", "DIGEST");
      String offset = client.info("replication", "master_repl_offset");
      assertThrows(RespClient.ErrorReply.class, () -> client.call("SET", "other", value));
      assertEquals(digest, client.call("DEBUG", "DIGEST"), "nothing was applied");
      assertEquals(offset, client.info("replication", "master_repl_offset"));
      assertEquals(value, client.call("GET", "key:0"));
      String id = client.info("replication", "master_replid");
      assertEquals(0, server.stop());

      try (ChronolithProcess again = ChronolithProcess.start(data(), port, DIRECTIVES);
          RespClient reader = again.connect()) {
        assertEquals(digest, reader.call("DEBUG", "DIGEST"));
        assertEquals(id, reader.info("replication", "master_replid"), "the stop was clean");
        volume.free();
        await("", again, "a write", () -> succeeds(reader, "SET", "other", value));
      }
    }
  }

  @Test
  void shouldFailASnapshotWithoutSpaceAndLeaveTheLogAlone() throws Exception {
    String value = "v".repeat(10_000);
    try (ChronolithProcess server = ChronolithProcess.start(data(), port, DIRECTIVES);
        RespClient client = server.connect()) {
      for (int i = 0; i < 500; i++) {
        client.call("SET", "key:" + i, value + i);
      }
      volume.fill(6 << 20);
      assertThrows(RespClient.ErrorReply.class, () -> client.call("SAVE"));
      assertEquals("err", client.info("persistence", "rdb_last_bgsave_status"));
      server.awaitLine("no space");
      for (int i = 0; i < 100; i++) {
        assertEquals("OK", client.call("SET", "more:" + i, value));
      }
      volume.free();
      await("", server, "a snapshot", () -> succeeds(client, "SAVE"));
      assertEquals("ok", client.info("persistence", "rdb_last_bgsave_status"));
    }
  }

  @Test
  void shouldHaveAReplicaStopReadingUntilThereIsSpace() throws Exception {
    String value = "v".repeat(100_000);
    int replicaPort = ChronolithProcess.freePort();
    try (ChronolithProcess master =
            ChronolithProcess.start(elsewhere.resolve("master"), port, DIRECTIVES);
        ChronolithProcess replica =
            ChronolithProcess.start(data(), replicaPort, with("--replicaof", "127.0.0.1 " + port));
        RespClient toMaster = master.connect();
        RespClient toReplica = replica.connect()) {
      toMaster.call("SET", "first", "1");
      await("", replica, "the first key", () -> "1".equals(toReplica.call("GET", "first")));
      String fullSyncs = toMaster.info("stats", "sync_full");
      volume.fill(0);
      for (int i = 0; i < 400; i++) {
        toMaster.call("SET", "key:" + i, value);
      }
      await("", replica, "the replica to stand", () -> isRefused(toReplica));
      assertEquals("1", toReplica.call("GET", "first"), "reads go on");
      assertTrue(offset(toReplica) < offset(toMaster));
      assertEquals("OK", toMaster.call("SET", "last", "1"), "the master goes on");

      volume.free();
      await("", replica, "the same offset", () -> offset(toReplica) == offset(toMaster));
      assertEquals(toMaster.call("DEBUG", "DIGEST"), toReplica.call("DEBUG", "DIGEST"));
      assertEquals(fullSyncs, toMaster.info("stats", "sync_full"), "no full resync");
    }
  }

  @Test
  void shouldTakeLittleWhenEmpty() {
    long before = volume.freeBytes();
    try (ChronolithProcess server = ChronolithProcess.start(data(), port, DIRECTIVES)) {
      long taken = before - volume.freeBytes();
      assertTrue(taken < 64 << 20, "an empty node takes " + taken + " bytes");
      assertEquals(0, server.stop());
    }
  }

  private static String[] with(String... more) {
    List<String> all = new ArrayList<>(List.of(DIRECTIVES));
    all.addAll(List.of(more));
    return all.toArray(new String[0]);
  }

  private static long offset(RespClient client) {
    return Long.parseLong(client.info("replication", "master_repl_offset"));
  }

  private static boolean isRefused(RespClient client) {
    return client.info("persistence", "chronolith_log_space_refused").equals("1")
        && client.info("persistence", "aof_last_write_status").equals("err");
  }

  private static boolean succeeds(RespClient client, String... words) {
    try {
      return "OK".equals(client.call(words));
    } catch (RespClient.ErrorReply e) {
      return false;
    }
  }

  private static void await(
      String context, ChronolithProcess server, String what, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(
          System.nanoTime() < deadline,
          () -> context + ": within 30 s: " + what + "\n" + server.output() + server.stacks());
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }
}
