package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: replicas that are far behind cost the master nothing, and never start over. */
@Tag("slow")
class SlowReplicaIT extends RealNodes {
  private static final String REPL_TIMEOUT_S = "3600";
  private static final long MIB = 1L << 20;
  private static final int VALUE_BYTES = 64 << 10;
  private static final int IN_FLIGHT = 32;

  SlowReplicaIT() {
    super(
        "--save",
        "",
        "--repl-log-retention-bytes",
        "1gb",
        // A frozen replica is cut off when the test says so, however slow the disk is.
        "--repl-timeout",
        REPL_TIMEOUT_S);
  }

  /** Growth of the master's memory that is no sign of a buffer for the replica. */
  private static final long NOISE_BYTES = 128 * MIB;

  /** Writes that much to a few keys, so that the log grows and the data does not. */
  private static void write(ChronolithProcess node, long bytes) {
    String value = "x".repeat(VALUE_BYTES);
    try (RespClient client = node.connect()) {
      long count = bytes / VALUE_BYTES;
      for (long i = 0; i < count + IN_FLIGHT; i++) {
        if (i < count) {
          client.send("SET", "key" + i % 16, value + i);
          client.flush();
        }
        if (i >= IN_FLIGHT) {
          client.receive();
        }
      }
    }
  }

  /** Memory of the process's own; its files, that are mapped, are not counted. */
  private static long anonymousBytes(ChronolithProcess node) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + node.pid() + "/status"))) {
        if (line.startsWith("RssAnon:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("no RssAnon");
  }

  @Test
  void shouldCostTheMasterNoMemoryAndStayConnectedWhileItIsFrozen() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    // What the JVM takes for this load, whoever follows.
    write(master, 300 * MIB);
    awaitSame(master, replica);
    long full = master.number("stats", "sync_full");
    long partial = master.number("stats", "sync_partial_ok");
    long before = anonymousBytes(master);
    replica.freeze();
    write(master, 300 * MIB);
    long during = anonymousBytes(master);
    assertEquals("1", master.info("replication", "connected_slaves"));
    long begun = System.nanoTime();
    replica.thaw();
    awaitSame(master, replica);
    System.out.printf(
        "frozen replica: master's own memory %d MiB before, %d MiB after 300 MiB of writes;"
            + " caught up in %d ms%n",
        before / MIB, during / MIB, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
    assertTrue(during < before + NOISE_BYTES, before + " bytes became " + during);
    assertEquals(full, master.number("stats", "sync_full"));
    assertEquals(partial, master.number("stats", "sync_partial_ok"), "it was not disconnected");

    // Silent for longer than repl-timeout: then its link ends, and the next one goes on.
    master.call("CONFIG", "SET", "repl-timeout", "2");
    replica.freeze();
    write(master, 20 * MIB);
    await("the timeout", () -> master.info("replication", "connected_slaves").equals("0"));
    master.awaitLine("Disconnecting timedout replica (streaming sync)");
    master.call("CONFIG", "SET", "repl-timeout", REPL_TIMEOUT_S);
    replica.thaw();
    // It may have all from the old link's buffers before it sees that link's end.
    await("the next link", () -> master.number("stats", "sync_partial_ok") > partial);
    awaitSame(master, replica);
    assertEquals(full, master.number("stats", "sync_full"));
    assertEquals(partial + 1, master.number("stats", "sync_partial_ok"));
    assertEquals(0, master.number("stats", "repl_mismatched_blocks"));
  }

  @Test
  void shouldContinueAReplicaThatIsFarBehindAfterItsOwnRestart() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    int port = ChronolithProcess.freePort();
    String[] follow = {"--replicaof", "127.0.0.1 " + master.port()};
    ChronolithProcess replica = start("b", port, follow);
    write(master, 10 * MIB);
    awaitSame(master, replica);
    long full = master.number("stats", "sync_full");
    for (boolean killed : new boolean[] {false, true}) {
      if (killed) {
        replica.kill();
      } else {
        assertEquals(0, replica.stop());
      }
      long partial = master.number("stats", "sync_partial_ok");
      write(master, 150 * MIB);
      long begun = System.nanoTime();
      replica = start("b", port, follow);
      awaitSame(master, replica);
      System.out.printf(
          "150 MiB behind after a %s: started and caught up in %d ms%n",
          killed ? "kill" : "stop", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
      assertEquals(full, master.number("stats", "sync_full"));
      assertEquals(partial + 1, master.number("stats", "sync_partial_ok"));
    }
    assertEquals(0, master.number("stats", "repl_mismatched_blocks"));
  }
}
