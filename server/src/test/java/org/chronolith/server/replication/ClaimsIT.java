package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.chronolith.server.testing.SmallVolume;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: what a master keeps for replicas that are away. */
@Tag("slow")
class ClaimsIT extends RealNodes {
  private static final long MIB = 1L << 20;
  private static final String[] SMALL_LOG = {
    "--repl-log-retention-bytes", "48mb", "--log-segment-bytes", "8mb", "--save", ""
  };

  ClaimsIT() {
    super(SMALL_LOG);
  }

  /** Writes that much to a few keys, so that the log grows and the data does not. */
  private static void write(ChronolithProcess node, long bytes) {
    String value = "x".repeat((int) MIB);
    try (RespClient client = node.connect()) {
      for (long i = 0; i < bytes / MIB; i++) {
        client.call("SET", "key" + i % 4, value + i);
      }
    }
  }

  private static String slot(ChronolithProcess node, String field) {
    String slot = node.info("replication", "replica_slot0");
    for (String part : slot.split(",")) {
      if (part.startsWith(field + "=")) {
        return part.substring(field.length() + 1);
      }
    }
    throw new AssertionError("no " + field + " in " + slot);
  }

  @Test
  void shouldKeepTheLogForAReplicaOverTheRestartsOfBoth() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess replica =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    awaitSame(master, replica);
    write(master, 4 * MIB);
    awaitSame(master, replica);
    await(
        "the claim",
        () ->
            master.number("replication", "replica_slots") == 1
                && slot(master, "bytes_behind").equals("0"));
    replica.stop();
    await("the replica to be away", () -> slot(master, "connected").equals("0"));

    write(master, 75 * MIB);
    save(master);
    master.kill();
    ChronolithProcess again = start("a", master.port());
    assertEquals("0", slot(again, "connected"));
    write(again, 75 * MIB);
    save(again);
    assertTrue(
        Long.parseLong(slot(again, "bytes_behind")) > 150 * MIB,
        () -> again.call("REPLICATION", "SLOTS") + again.output());
    // The retention alone would have kept a third of it.
    await("a look at the retention", () -> Integer.parseInt(slot(again, "seconds_behind")) > 2);
    assertTrue(
        again.number("replication", "repl_backlog_histlen") > 150 * MIB,
        () -> again.call("INFO", "replication") + again.output());

    // Its address is another one: it is known by its id.
    ChronolithProcess back =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + again.port());
    awaitSame(again, back);
    assertEquals("0", again.info("stats", "sync_full"));
    assertEquals("1", again.info("stats", "sync_partial_ok"));
    await("the claim", () -> slot(again, "connected").equals("1"));
    assertEquals("1", again.info("replication", "replica_slots"));
    RespClient.ErrorReply refused =
        assertThrows(
            RespClient.ErrorReply.class,
            () -> again.call("REPLICATION", "DROP", slot(again, "id")));
    assertEquals("ERR The replica of that slot is connected", refused.getMessage());
    // It has what it needs: the log goes back to what the retention says.
    await(
        "the log to be trimmed",
        () -> again.number("replication", "repl_backlog_histlen") < 80 * MIB);
    back.kill();
    await("the replica to be away", () -> slot(again, "connected").equals("0"));
    assertEquals("OK", again.call("REPLICATION", "DROP", slot(again, "id")));
    assertEquals(List.of(), again.call("REPLICATION", "SLOTS"));
    shouldKnowAReplicaAsSoonAsItFollows(again);
  }

  /** And not a second later: a master that is killed meanwhile must know it, too. */
  private void shouldKnowAReplicaAsSoonAsItFollows(ChronolithProcess master) {
    ChronolithProcess back =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    await("the link", () -> back.info("replication", "master_link_status").equals("up"));
    assertEquals("1", master.info("replication", "replica_slots"));
    master.kill();
    ChronolithProcess after = start("a", master.port());
    assertEquals("1", after.info("replication", "replica_slots"));
  }

  @Test
  void shouldEndAClaimAtTheHardLimitWithOneLine() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    master.call("CONFIG", "SET", "save", "");
    ChronolithProcess replica =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
    awaitSame(master, replica);
    await("the claim", () -> master.number("replication", "replica_slots") == 1);
    replica.stop();
    write(master, 200 * MIB);
    await("the claim's end", () -> master.number("replication", "replica_slots") == 0);
    String line = "on the log ends";
    master.awaitLine(line);
    String said = master.output();
    assertEquals(said.indexOf(line), said.lastIndexOf(line), said);
  }

  @Test
  void shouldEndAClaimRatherThanFillTheVolume() throws IOException {
    Path mountPoint = Files.createDirectory(directory.resolve("small"));
    try (SmallVolume volume = SmallVolume.mount(mountPoint, 240)) {
      ChronolithProcess master =
          start("small/a", ChronolithProcess.freePort(), "--repl-log-retention-bytes", "64mb");
      ChronolithProcess replica =
          start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + master.port());
      awaitSame(master, replica);
      await("the claim", () -> master.number("replication", "replica_slots") == 1);
      replica.stop();
      await("the replica to be away", () -> slot(master, "connected").equals("0"));
      for (int written = 0; written < 400; written += 10) {
        // Each of it is a write that must not be refused.
        write(master, 10 * MIB);
        await(
            "a snapshot, so that nothing but the claim needs most of the log",
            () -> Long.parseLong(master.info("persistence", "rdb_changes_since_last_save")) < 40);
      }
      assertEquals(0, master.number("replication", "replica_slots"), master::output);
      assertEquals("0", master.info("persistence", "chronolith_log_space_refused"));
      assertEquals(1, master.output().split("on the log ends", -1).length - 1, master.output());
      assertTrue(master.output().contains("and the volume has only "), master.output());
      assertTrue(volume.freeBytes() > 8 * MIB, volume.freeBytes() + " bytes are free");
      ChronolithProcess back =
          start("b", replica.port(), "--replicaof", "127.0.0.1 " + master.port());
      awaitSame(master, back);
      // Its files are gone before the volume is.
      master.kill();
    }
  }
}
