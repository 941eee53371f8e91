package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: an old master that has writes that nobody else has comes back. */
@Tag("slow")
class RewindIT extends RealNodes {

  RewindIT() {
    super("--save", "");
  }

  private static void fill(ChronolithProcess node, String prefix, int count) {
    try (RespClient client = node.connect()) {
      for (int i = 0; i < count; i++) {
        client.send("SET", prefix + i, "value of " + i);
        client.send("RPUSH", "list of " + prefix, Integer.toString(i));
      }
      client.flush();
      for (int i = 0; i < 2 * count; i++) {
        client.receive();
      }
    }
  }

  /** What was kept of the stream, as a tool reads it. */
  private String discarded(String name) throws IOException {
    StringBuilder kept = new StringBuilder();
    List<Path> found;
    try (Stream<Path> entries = Files.list(directory.resolve(name))) {
      found =
          entries.filter(path -> path.getFileName().toString().startsWith("discarded-")).toList();
    }
    for (Path path : found) {
      LogInspector.open(path, false)
          .walk(
              new LogInspector.Visitor() {
                @Override
                public boolean record(
                    LogInspector.SegmentInfo segment, LogRecord record, long position) {
                  if (!record.isIdentity() && !record.isClean()) {
                    kept.append(
                        record
                            .buffer()
                            .toString(
                                record.payloadIndex(), record.length(), StandardCharsets.UTF_8));
                  }
                  return true;
                }

                @Override
                public void damaged(LogInspector.Damage damage) {
                  throw new AssertionError(damage.toString());
                }
              });
    }
    return kept.toString();
  }

  @Test
  void shouldGoBackToItsSnapshotAndContinue() throws IOException {
    ChronolithProcess old = start("a", ChronolithProcess.freePort());
    ChronolithProcess promoted =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + old.port());
    fill(old, "first", 2_000);
    awaitSame(old, promoted);
    save(old);
    fill(old, "second", 2_000);
    awaitSame(old, promoted);
    promoted.call("REPLICAOF", "NO", "ONE");
    final long divergence = Long.parseLong(promoted.info("replication", "second_repl_offset")) - 1;
    // Writes on both sides, as in a split network; the old one dies.
    fill(old, "lost", 500);
    fill(promoted, "second", 300);
    fill(promoted, "third", 500);
    old.kill();

    // As a master it takes a new id, and writes under that, too.
    ChronolithProcess back = start("a", old.port());
    fill(back, "lost again", 10);
    back.call("REPLICAOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, back);
    assertEquals("0", promoted.info("stats", "sync_full"));
    assertEquals("1", promoted.info("stats", "sync_partial_ok"));
    assertEquals(0L, back.call("EXISTS", "lost1"));
    assertEquals(1L, back.call("EXISTS", "third1"));
    back.awaitLine("to " + divergence + ", where");
    String kept = discarded("a");
    assertTrue(kept.contains("lost499") && kept.contains("lost again9"), "kept: " + kept.length());
    assertTrue(!kept.contains("second1999"), "what is not lost is kept as such");

    // The generation is the live one, also after a crash; and it goes on from there.
    back.kill();
    fill(promoted, "fourth", 100);
    ChronolithProcess again = start("a", old.port(), "--replicaof", "127.0.0.1 " + promoted.port());
    awaitSame(promoted, again);
    assertEquals("0", promoted.info("stats", "sync_full"));
    assertEquals("2", promoted.info("stats", "sync_partial_ok"));
  }

  /** Further back than the snapshot that it goes back to. */
  @Test
  void shouldKeepTheLogForAReplicaThatWasAwayBeforeItWentBack() {
    ChronolithProcess old = start("a", ChronolithProcess.freePort(), "--log-segment-bytes", "1mb");
    String[] follow = {"--replicaof", "127.0.0.1 " + old.port()};
    ChronolithProcess promoted = start("b", ChronolithProcess.freePort(), follow);
    ChronolithProcess away = start("c", ChronolithProcess.freePort(), follow);
    fill(old, "first", 30_000);
    awaitSame(old, away);
    assertEquals(0, away.stop());
    fill(old, "second", 30_000);
    save(old);
    fill(old, "third", 500);
    awaitSame(old, promoted);
    promoted.call("REPLICAOF", "NO", "ONE");
    fill(old, "lost", 500);
    fill(promoted, "fourth", 300);
    old.call("REPLICAOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, old);
    assertTrue(old.output().contains("This node is back at offset"), old::output);
    String full = old.info("stats", "sync_full");

    promoted.kill();
    old.call("REPLICAOF", "NO", "ONE");
    fill(old, "fifth", 100);
    String slot = old.info("replication", "replica_slots");
    assertTrue(Integer.parseInt(slot) >= 1, "the claim of the one that is away: " + slot);
    ChronolithProcess back = start("c", away.port(), follow);
    awaitSame(old, back);
    assertEquals(full, old.info("stats", "sync_full"), back::output);

    // And after a crash, from what is shared with the generation that is gone.
    old.kill();
    ChronolithProcess again = start("a", old.port(), "--log-segment-bytes", "1mb");
    awaitSame(again, back);
    assertEquals("0", again.info("stats", "sync_full"), again::output);
  }

  @Test
  void shouldGoBackBehindTheSnapshotOfItsCleanStop() {
    ChronolithProcess old = start("a", ChronolithProcess.freePort(), "--log-segment-bytes", "1mb");
    fill(old, "zeroth", 100);
    ChronolithProcess promoted =
        start("b", ChronolithProcess.freePort(), "--replicaof", "127.0.0.1 " + old.port());
    fill(old, "first", 2_000);
    awaitSame(old, promoted);
    save(old);
    promoted.call("REPLICAOF", "NO", "ONE");
    fill(old, "lost", 500);
    fill(promoted, "second", 300);
    // A save rule's, then that of the stop: both hold what nobody else has.
    save(old);
    old.call("SET", "lost", "too");
    old.call("CONFIG", "SET", "save", "3600 1");
    assertEquals(0, old.stop(), old::output);

    ChronolithProcess back = start("a", old.port(), "--replicaof", "127.0.0.1 " + promoted.port());
    awaitSame(promoted, back);
    assertEquals("0", promoted.info("stats", "sync_full"), back::output);
    assertEquals("1", promoted.info("stats", "sync_partial_ok"));
    assertEquals(0L, back.call("EXISTS", "lost1", "lost"));
  }

  @Test
  void shouldGoBackToTheEmptyStateOrElseAskForAll() {
    ChronolithProcess one = start("a", ChronolithProcess.freePort());
    fill(one, "first", 100);
    ChronolithProcess two =
        start(
            "b",
            ChronolithProcess.freePort(),
            "--replicaof",
            "127.0.0.1 " + one.port(),
            "--snapshot-older-checkpoints",
            "0");
    awaitSame(one, two);
    two.call("REPLICAOF", "NO", "ONE");
    fill(two, "own", 50);
    fill(one, "new", 10);
    // Its only snapshot, of the full sync, is before the divergence.
    two.call("REPLICAOF", "127.0.0.1", Integer.toString(one.port()));
    awaitSame(one, two);
    assertEquals("1", one.info("stats", "sync_full"));
    assertEquals("1", one.info("stats", "sync_partial_ok"));

    two.call("REPLICAOF", "NO", "ONE");
    fill(two, "own", 50);
    save(two);
    fill(one, "new", 10);
    // Its only snapshot holds writes that nobody else has.
    two.call("REPLICAOF", "127.0.0.1", Integer.toString(one.port()));
    awaitSame(one, two);
    assertEquals("2", one.info("stats", "sync_full"));
  }
}
