package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real server under writes: backed up, killed, restored to a moment, and its backup started. */
@Tag("slow")
class BackupRestoreIT {
  private static final int KEYS = 200;
  private static final int WRITERS = 3;
  private static final long RUN_MS = 8_000;

  /** How long before the kill the moment is that the directory is restored to. */
  private static final long BEFORE_THE_END_MS = 3_000;

  private static final long DEADLINE_S = 60;

  @TempDir Path root;

  /**
   * One {@code SET} of a counter.
   *
   * @param ackedMs 0 if no reply came
   */
  private record Write(int key, long number, long sentMs, long ackedMs) {}

  /** Writes counters to keys of its own, one at a time, until its server is gone. */
  private static final class Writer extends Thread {
    private final int id;
    private final int port;
    private final Random random;
    private final List<Write> writes = new ArrayList<>();
    private volatile long acked;

    Writer(int id, int port, long seed) {
      super("writer-" + id);
      this.id = id;
      this.port = port;
      this.random = new Random(seed);
    }

    @Override
    public void run() {
      try (RespClient client = new RespClient(port)) {
        for (long number = 1; ; number++) {
          int key = random.nextInt(KEYS);
          long sentMs = System.currentTimeMillis();
          writes.add(new Write(key, number, sentMs, 0));
          client.call("SET", name(key), Long.toString(number));
          writes.set(writes.size() - 1, new Write(key, number, sentMs, System.currentTimeMillis()));
          acked = number;
        }
      } catch (RespClient.Disconnected e) {
        // The server was killed: the last write has no reply.
        return;
      }
    }

    String name(int key) {
      return "w" + id + ":" + key;
    }

    /**
     * Compares every key with what it may hold: not older than the last write that was acknowledged
     * at or before {@code fromMs}, not newer than the last one that was sent by {@code toMs}.
     */
    int compare(RespClient client, long fromMs, long toMs, String when) {
      int present = 0;
      for (int key = 0; key < KEYS; key++) {
        long least = 0;
        long most = 0;
        for (Write write : writes) {
          if (write.key() == key) {
            least = write.ackedMs() != 0 && write.ackedMs() < fromMs ? write.number() : least;
            most = write.sentMs() <= toMs ? write.number() : most;
          }
        }
        Object value = client.call("GET", name(key));
        long found = value == null ? 0 : Long.parseLong((String) value);
        assertTrue(
            found >= least && found <= most,
            when + ": " + name(key) + " is " + found + ", not in [" + least + ", " + most + "]");
        present += found > 0 ? 1 : 0;
      }
      return present;
    }
  }

  @Test
  void shouldBackUpUnderWritesAndRestoreAMomentAfterAKill() throws Exception {
    long seed = System.nanoTime();
    String when = "seed " + seed;
    Path data = root.resolve("data");
    Path backup = root.resolve("backup");
    List<Writer> writers = new ArrayList<>();
    long backupBeganMs;
    long backupEndedMs;
    String id;
    try (ChronolithProcess server =
        ChronolithProcess.start(data, ChronolithProcess.freePort(), "--log-segment-bytes", "1mb")) {
      for (int i = 0; i < WRITERS; i++) {
        writers.add(new Writer(i, server.port(), seed + i));
        writers.get(i).start();
      }
      long beganMs = System.currentTimeMillis();
      try (RespClient client = server.connect()) {
        awaitWrites(writers, 500);
        client.call("SAVE");
        awaitWrites(writers, 500);
        id = client.info("replication", "master_replid");
        backupBeganMs = System.currentTimeMillis();
        DataFixture.Run made =
            DataFixture.tool(
                "backup", "--port", Integer.toString(server.port()), backup.toString(), "--json");
        backupEndedMs = System.currentTimeMillis();
        assertEquals(0, made.code(), when + made.err());
        assertTrue(made.out().contains("\"replication-id\":\"" + id + "\""), when + made.out());
        refuseBadPaths(client, data, backup);
        // Beside the running server: what it writes now is no damage.
        DataFixture.Run check = DataFixture.tool("check", data.toString());
        assertEquals(0, check.code(), when + check.out() + check.err());
        assertTrue(check.out().contains("in use by process " + pid(data)), check.out());
        DataFixture.Run repair = DataFixture.tool("repair", data.toString(), "--cut", "--yes");
        assertEquals(2, repair.code());
        assertTrue(repair.err().contains("in use by process " + pid(data)), repair.err());
        awaitMs(beganMs + RUN_MS);
      }
      server.kill();
    }
    for (Writer writer : writers) {
      writer.join(TimeUnit.SECONDS.toMillis(DEADLINE_S));
      assertTrue(writer.acked > 1000, when + ": " + writer.acked + " writes");
    }
    restoreAMoment(data, writers, id, when);
    startTheBackup(backup, writers, id, backupBeganMs, backupEndedMs, when);
  }

  private void restoreAMoment(Path data, List<Writer> writers, String id, String when) {
    List<Write> some = writers.get(0).writes;
    long momentMs = some.get(some.size() - 1).sentMs() - BEFORE_THE_END_MS;
    Path restored = root.resolve("restored");
    DataFixture.Run run =
        DataFixture.tool(
            "restore", data.toString(), "--to", "ms:" + momentMs, "--into", restored.toString());
    assertEquals(0, run.code(), when + run.err());
    DataFixture.Run check = DataFixture.tool("check", restored.toString());
    assertEquals(0, check.code(), when + check.out());
    assertTrue(check.out().contains(id), when + ": the history descends from " + id + check.out());
    try (ChronolithProcess server =
            ChronolithProcess.start(restored, ChronolithProcess.freePort());
        RespClient client = server.connect()) {
      int present = 0;
      for (Writer writer : writers) {
        present += writer.compare(client, momentMs, momentMs, when);
      }
      assertEquals((long) present, client.call("DBSIZE"), when);
      assertNotEquals(id, client.info("replication", "master_replid"), when);
    }
  }

  private void startTheBackup(
      Path backup, List<Writer> writers, String id, long beganMs, long endedMs, String when) {
    DataFixture.Run check = DataFixture.tool("check", backup.toString());
    assertEquals(0, check.code(), when + check.out());
    assertTrue(check.out().contains(id), when + ": the history descends from " + id + check.out());
    Path fromBackup = root.resolve("from-backup");
    DataFixture.Run run =
        DataFixture.tool(
            "restore", backup.toString(), "--to", "end", "--into", fromBackup.toString());
    assertEquals(0, run.code(), when + run.err());
    for (Path node : List.of(backup, fromBackup)) {
      try (ChronolithProcess server = ChronolithProcess.start(node, ChronolithProcess.freePort());
          RespClient client = server.connect()) {
        for (Writer writer : writers) {
          writer.compare(client, beganMs, endedMs, when + ", " + node);
        }
        assertNotEquals(id, client.info("replication", "master_replid"), when);
        client.call("SET", "mine", "1");
      }
    }
    assertTrue(Files.notExists(backup.resolve("FORKED")), when);
  }

  private static void refuseBadPaths(RespClient client, Path data, Path backup) {
    for (String path :
        List.of(
            "relative",
            backup.toString(),
            data.resolve("inside").toString(),
            data.getParent().resolve("none/deep").toString())) {
      RespClient.ErrorReply refused =
          assertThrows(RespClient.ErrorReply.class, () -> client.call("BACKUP", path), path);
      assertTrue(refused.getMessage().startsWith("ERR "), refused.getMessage());
    }
  }

  private static String pid(Path data) throws Exception {
    return Files.readString(data.resolve("LOCK")).strip();
  }

  private static void awaitWrites(List<Writer> writers, long more) throws InterruptedException {
    long wanted = writers.stream().mapToLong(writer -> writer.acked).sum() + more;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (writers.stream().mapToLong(writer -> writer.acked).sum() < wanted) {
      assertTrue(System.nanoTime() < deadline, "no " + more + " writes in time");
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static void awaitMs(long ms) throws InterruptedException {
    while (System.currentTimeMillis() < ms) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  @Test
  void shouldShareFilesAndOutliveItsSource() throws Exception {
    Path data = root.resolve("data");
    Path backup = root.resolve("backup");
    try (ChronolithProcess server =
            ChronolithProcess.start(
                data, ChronolithProcess.freePort(), "--log-segment-bytes", "1mb");
        RespClient client = server.connect()) {
      String value = "v".repeat(10_000);
      for (int i = 0; i < 500; i++) {
        client.call("SET", "key" + i, value + i);
      }
      client.call("SAVE");
      Object reply = client.call("BACKUP", backup.toString());
      assertTrue(((List<?>) reply).contains("linked-files"), reply.toString());
      long linked;
      try (Stream<Path> files = Files.walk(backup)) {
        linked = files.filter(Files::isRegularFile).filter(file -> links(file) > 1).count();
      }
      assertTrue(linked > 5, linked + " files are shared");
      client.call("FLUSHALL");
      client.call("SAVE");
    }
    try (ChronolithProcess server = ChronolithProcess.start(backup, ChronolithProcess.freePort());
        RespClient client = server.connect()) {
      assertEquals(500L, client.call("DBSIZE"));
      assertEquals("v".repeat(10_000) + 499, client.call("GET", "key499"));
    }
  }

  private static int links(Path file) {
    try {
      return (Integer) Files.getAttribute(file, "unix:nlink");
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }
}
