package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.chronolith.replicationlog.LogInspector;
import org.chronolith.replicationlog.LogRecord;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: an old master that has writes that nobody else has comes back. */
@Tag("slow")
class RewindIT {
  private static final String[] NO_SAVE = {"--enable-debug-command", "yes", "--save", ""};

  @TempDir Path directory;
  private final List<ChronolithProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(ChronolithProcess::close);
  }

  private ChronolithProcess start(String name, int port, String... directives) {
    List<String> all = new ArrayList<>(List.of(NO_SAVE));
    all.addAll(List.of(directives));
    ChronolithProcess started =
        ChronolithProcess.start(directory.resolve(name), port, all.toArray(String[]::new));
    processes.add(started);
    return started;
  }

  private static String info(ChronolithProcess node, String section, String field) {
    try (RespClient client = node.connect()) {
      return client.info(section, field);
    }
  }

  private static long offset(ChronolithProcess node) {
    return Long.parseLong(info(node, "replication", "master_repl_offset"));
  }

  private static Object call(ChronolithProcess node, String... words) {
    try (RespClient client = node.connect()) {
      return client.call(words);
    }
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

  private static void awaitSame(ChronolithProcess master, ChronolithProcess replica) {
    await(
        "the link of " + replica.port() + ": " + replica.output(),
        () -> info(replica, "replication", "master_link_status").equals("up"));
    await("equal offsets", () -> offset(master) == offset(replica));
    assertEquals(call(master, "DEBUG", "DIGEST"), call(replica, "DEBUG", "DIGEST"));
    assertEquals(
        info(master, "replication", "master_replid"),
        info(replica, "replication", "master_replid"));
  }

  private static void save(ChronolithProcess node) {
    String before = info(node, "persistence", "rdb_saves");
    call(node, "BGSAVE");
    await("the snapshot", () -> !info(node, "persistence", "rdb_saves").equals(before));
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
    call(promoted, "REPLICAOF", "NO", "ONE");
    final long divergence = Long.parseLong(info(promoted, "replication", "second_repl_offset")) - 1;
    // Writes on both sides, as in a split network; the old one dies.
    fill(old, "lost", 500);
    fill(promoted, "second", 300);
    fill(promoted, "third", 500);
    old.kill();

    // As a master it takes a new id, and writes under that, too.
    ChronolithProcess back = start("a", old.port());
    fill(back, "lost again", 10);
    call(back, "REPLICAOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, back);
    assertEquals("0", info(promoted, "stats", "sync_full"));
    assertEquals("1", info(promoted, "stats", "sync_partial_ok"));
    assertEquals(0L, call(back, "EXISTS", "lost1"));
    assertEquals(1L, call(back, "EXISTS", "third1"));
    back.awaitLine("to " + divergence + ", where");
    String kept = discarded("a");
    assertTrue(kept.contains("lost499") && kept.contains("lost again9"), "kept: " + kept.length());
    assertTrue(!kept.contains("second1999"), "what is not lost is kept as such");

    // The generation is the live one, also after a crash; and it goes on from there.
    back.kill();
    fill(promoted, "fourth", 100);
    ChronolithProcess again = start("a", old.port(), "--replicaof", "127.0.0.1 " + promoted.port());
    awaitSame(promoted, again);
    assertEquals("0", info(promoted, "stats", "sync_full"));
    assertEquals("2", info(promoted, "stats", "sync_partial_ok"));
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
    call(promoted, "REPLICAOF", "NO", "ONE");
    fill(old, "lost", 500);
    fill(promoted, "fourth", 300);
    call(old, "REPLICAOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitSame(promoted, old);
    assertTrue(old.output().contains("This node is back at offset"), old::output);
    String full = info(old, "stats", "sync_full");

    promoted.kill();
    call(old, "REPLICAOF", "NO", "ONE");
    fill(old, "fifth", 100);
    String slot = info(old, "replication", "replica_slots");
    assertTrue(Integer.parseInt(slot) >= 1, "the claim of the one that is away: " + slot);
    ChronolithProcess back = start("c", away.port(), follow);
    awaitSame(old, back);
    assertEquals(full, info(old, "stats", "sync_full"), back::output);

    // And after a crash, from what is shared with the generation that is gone.
    old.kill();
    ChronolithProcess again = start("a", old.port(), "--log-segment-bytes", "1mb");
    awaitSame(again, back);
    assertEquals("0", info(again, "stats", "sync_full"), again::output);
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
    call(promoted, "REPLICAOF", "NO", "ONE");
    fill(old, "lost", 500);
    fill(promoted, "second", 300);
    // A save rule's, then that of the stop: both hold what nobody else has.
    save(old);
    call(old, "SET", "lost", "too");
    call(old, "CONFIG", "SET", "save", "3600 1");
    assertEquals(0, old.stop(), old::output);

    ChronolithProcess back = start("a", old.port(), "--replicaof", "127.0.0.1 " + promoted.port());
    awaitSame(promoted, back);
    assertEquals("0", info(promoted, "stats", "sync_full"), back::output);
    assertEquals("1", info(promoted, "stats", "sync_partial_ok"));
    assertEquals(0L, call(back, "EXISTS", "lost1", "lost"));
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
    call(two, "REPLICAOF", "NO", "ONE");
    fill(two, "own", 50);
    fill(one, "new", 10);
    // Its only snapshot, of the full sync, is before the divergence.
    call(two, "REPLICAOF", "127.0.0.1", Integer.toString(one.port()));
    awaitSame(one, two);
    assertEquals("1", info(one, "stats", "sync_full"));
    assertEquals("1", info(one, "stats", "sync_partial_ok"));

    call(two, "REPLICAOF", "NO", "ONE");
    fill(two, "own", 50);
    save(two);
    fill(one, "new", 10);
    // Its only snapshot holds writes that nobody else has.
    call(two, "REPLICAOF", "127.0.0.1", Integer.toString(one.port()));
    awaitSame(one, two);
    assertEquals("2", info(one, "stats", "sync_full"));
  }
}
