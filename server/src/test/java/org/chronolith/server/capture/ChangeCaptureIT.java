package org.chronolith.server.capture;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.moilioncircle.redis.replicator.Configuration;
import com.moilioncircle.redis.replicator.FileType;
import com.moilioncircle.redis.replicator.RedisReplicator;
import com.moilioncircle.redis.replicator.Replicator;
import com.moilioncircle.redis.replicator.rdb.datatype.AuxField;
import com.moilioncircle.redis.replicator.rdb.datatype.KeyValuePair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.chronolith.server.capture.StreamReader.Change;
import org.chronolith.server.capture.StreamReader.Position;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What docs/change-capture.md promises, read by redis-replicator, which shares no code with this
 * project: neither a gap nor a duplicate, whoever restarts.
 */
@Tag("slow")
final class ChangeCaptureIT {
  private static final long FAR_MS = 4_000_000_000_000L;
  private static final int DATABASES = 3;

  /** The library sees that it is to end when it has read something: so it hears a ping a second. */
  private static final String[] PINGS = {"--repl-ping-replica-period", "1"};

  @TempDir Path directory;

  /** What the writer has written, in order; the words go unchanged into the stream. */
  private final List<Change> written = new ArrayList<>();

  private int selected;

  @Test
  void shouldReadTheSnapshotAndThenEachWriteOnce() {
    try (ChronolithProcess server = start(ChronolithProcess.freePort());
        RespClient client = server.connect()) {
      Map<String, Object> expected = fillAllTypes(client);
      writeJournal(client, 500, new Random(1));
      try (StreamReader reader = new StreamReader(server.port(), null)) {
        // The snapshot is made and sent while the journal grows.
        writeJournal(client, 3_000, new Random(2));
        Snapshot snapshot = reader.awaitSnapshot();
        expected.forEach((key, value) -> assertEquals(value, snapshot.values.get(key), key));
        assertEquals(Map.of("0/expiring", FAR_MS, "2/expiring", FAR_MS), snapshot.expiresAtMs);

        writeJournal(client, 100, new Random(3));
        List<Change> streamed = reader.awaitChange(lastWritten());
        int known = journalSize(snapshot);
        assertTrue(known >= 500, "the snapshot is older than the reader: " + known);
        assertEquals(words(written.subList(known, written.size())), words(streamed));
      }
      // It has named the port that it called from, and will not be known under it again.
      assertEquals(List.of(), client.call("REPLICATION", "SLOTS"));
      assertEquals("1", client.info("stats", "sync_full"));
    }
  }

  @Test
  void shouldGoOnAfterItsOwnRestartAndAfterAKillOfTheServer() {
    int port = ChronolithProcess.freePort();
    Position early;
    Position stopped;
    String firstId;
    try (ChronolithProcess server = start(port);
        RespClient client = server.connect()) {
      writeJournal(client, 50, new Random(4));
      try (StreamReader reader = new StreamReader(port, null)) {
        assertEquals(50, journalSize(reader.awaitSnapshot()));
        writeJournal(client, 200, new Random(5));
        List<Change> streamed = reader.awaitChange(lastWritten());
        assertEquals(words(written.subList(50, 250)), words(streamed));
        early = streamed.get(100).after();
        stopped = streamed.get(streamed.size() - 1).after();
      }
      writeJournal(client, 200, new Random(6));
      try (StreamReader reader = new StreamReader(port, stopped)) {
        List<Change> streamed = reader.awaitChange(lastWritten());
        assertEquals(words(written.subList(250, 450)), words(streamed));
        assertEquals(0, reader.snapshotsBegun());
        assertEquals("1", client.info("stats", "sync_full"));
        assertEquals("1", client.info("stats", "sync_partial_ok"));
        firstId = client.info("replication", "master_replid");

        server.kill();
        try (ChronolithProcess again = start(port);
            RespClient second = again.connect()) {
          selected = 0;
          writeJournal(second, 200, new Random(7));
          List<Change> all = reader.awaitChange(lastWritten());
          assertEquals(words(written.subList(250, 650)), words(all));
          assertEquals(0, reader.snapshotsBegun());
          assertNotEquals(firstId, all.get(all.size() - 1).after().replicationId());

          // One that knows the first history only, and was away all the time.
          try (StreamReader late = new StreamReader(port, early)) {
            assertEquals(words(written.subList(151, 650)), words(late.awaitChange(lastWritten())));
            assertEquals(0, late.snapshotsBegun());
          }
          assertEquals("0", second.info("stats", "sync_full"));
          assertEquals("2", second.info("stats", "sync_partial_ok"));
        }
      }
    }
  }

  /** It follows a replica, which becomes the master, and is then stopped and started. */
  @Test
  void shouldGoOnThroughAPromotionAndACleanStop() {
    int port = ChronolithProcess.freePort();
    Path data = directory.resolve("replica");
    try (ChronolithProcess master = start(ChronolithProcess.freePort());
        ChronolithProcess replica =
            ChronolithProcess.start(data, port, "--replicaof", "127.0.0.1 " + master.port());
        RespClient client = master.connect();
        RespClient promoted = replica.connect()) {
      await("the link", () -> promoted.info("replication", "master_link_status").equals("up"));
      try (StreamReader reader = new StreamReader(port, null)) {
        assertEquals(0, journalSize(reader.awaitSnapshot()));
        writeJournal(client, 100, new Random(10));
        reader.awaitChange(lastWritten());
        master.kill();
        promoted.call("REPLICAOF", "NO", "ONE");
        selected = 0;
        writeJournal(promoted, 100, new Random(11));
        List<Change> streamed = reader.awaitChange(lastWritten());
        assertEquals(words(written), words(streamed));
        String id = promoted.info("replication", "master_replid");
        assertEquals(id, streamed.get(streamed.size() - 1).after().replicationId());
        assertEquals("1", promoted.info("stats", "sync_full"));

        replica.stop();
        try (ChronolithProcess again = ChronolithProcess.start(data, port, PINGS);
            RespClient third = again.connect()) {
          selected = 0;
          writeJournal(third, 100, new Random(12));
          List<Change> all = reader.awaitChange(lastWritten());
          assertEquals(words(written), words(all));
          assertEquals(id, all.get(all.size() - 1).after().replicationId());
          assertEquals("0", third.info("stats", "sync_full"));
        }
        assertEquals(1, reader.snapshotsBegun());
      }
    }
  }

  @Test
  void shouldBeginWithASnapshotAgainWhereTheLogNoLongerReachesBack() {
    try (ChronolithProcess server =
            ChronolithProcess.start(
                directory.resolve("data"),
                ChronolithProcess.freePort(),
                PINGS[0],
                PINGS[1],
                "--repl-log-retention-bytes",
                "8mb",
                "--log-segment-bytes",
                "8mb",
                "--save",
                "");
        RespClient client = server.connect()) {
      Position early;
      writeJournal(client, 10, new Random(13));
      try (StreamReader reader = new StreamReader(server.port(), null)) {
        reader.awaitSnapshot();
        writeJournal(client, 10, new Random(14));
        List<Change> streamed = reader.awaitChange(lastWritten());
        early = streamed.get(streamed.size() - 1).after();
      }
      String value = "x".repeat(100_000);
      await(
          "the log to be trimmed",
          () -> {
            for (int i = 0; i < 50; i++) {
              client.call("SET", "large", value);
            }
            assertEquals("OK", client.call("SAVE"));
            String start = client.info("persistence", "chronolith_log_start_offset");
            return Long.parseLong(start) > early.offset();
          });
      try (StreamReader late = new StreamReader(server.port(), early)) {
        assertEquals(20, journalSize(late.awaitSnapshot()));
        writeJournal(client, 10, new Random(15));
        List<Change> streamed = new ArrayList<>(late.awaitChange(lastWritten()));
        // What was written behind the newest snapshot.
        streamed.removeIf(change -> change.words().get(1).equals("large"));
        assertEquals(words(written.subList(20, 30)), words(streamed));
        assertEquals(1, late.snapshotsBegun());
      }
      assertEquals("2", client.info("stats", "sync_full"));
    }
  }

  @Test
  @RequiresRedis("redis-cli")
  void shouldGoOnFromAnRdbFile() throws IOException, InterruptedException {
    try (ChronolithProcess server = start(ChronolithProcess.freePort());
        RespClient client = server.connect()) {
      writeJournal(client, 100, new Random(8));
      Path rdb = directory.resolve("dump.rdb");
      fetchRdb(server.port(), rdb);
      writeJournal(client, 100, new Random(9));
      Snapshot snapshot = read(rdb);
      assertEquals(100, journalSize(snapshot));
      Position end =
          new Position(
              snapshot.auxiliary.get("repl-id"),
              Long.parseLong(snapshot.auxiliary.get("repl-offset")),
              Integer.parseInt(snapshot.auxiliary.get("repl-stream-db")));
      try (StreamReader reader = new StreamReader(server.port(), end)) {
        assertEquals(words(written.subList(100, 200)), words(reader.awaitChange(lastWritten())));
        assertEquals(0, reader.snapshotsBegun());
      }
      // The file was the one full sync.
      assertEquals("1", client.info("stats", "sync_full"));
      assertEquals("1", client.info("stats", "sync_partial_ok"));
    }
  }

  @Test
  void shouldReadEffectsRatherThanRequests() {
    try (ChronolithProcess server = start(ChronolithProcess.freePort());
        RespClient client = server.connect();
        StreamReader reader = new StreamReader(server.port(), null)) {
      reader.awaitSnapshot();
      client.call("SADD", "set", "only");
      client.call("SPOP", "set");
      // In one piece, so that it does not expire before the transaction.
      client.send("SET", "soon", "gone", "PX", "500");
      client.send("MULTI");
      client.send("SET", "a", "1");
      client.send("SET", "b", "2");
      client.send("EXEC");
      client.flush();
      for (Object reply : List.of("OK", "OK", "QUEUED", "QUEUED", List.of("OK", "OK"))) {
        assertEquals(reply, client.receive());
      }
      List<Change> changes = reader.awaitChange(change -> change.words().get(0).equals("DEL"));
      List<List<String>> all = new ArrayList<>();
      changes.forEach(change -> all.add(change.words()));
      assertEquals(List.of("SADD", "set", "only"), all.get(0));
      assertEquals(List.of("SREM", "set", "only"), all.get(1));
      assertEquals(List.of("SET", "soon", "gone", "PXAT"), all.get(2).subList(0, 4));
      assertEquals(
          List.of(
              List.of("MULTI"),
              List.of("SET", "a", "1"),
              List.of("SET", "b", "2"),
              List.of("EXEC"),
              List.of("DEL", "soon")),
          all.subList(3, 8));
      // A program that has read half a transaction goes on in the middle of it.
      try (StreamReader middle = new StreamReader(server.port(), changes.get(4).after())) {
        List<Change> rest = middle.awaitChange(change -> change.words().get(0).equals("DEL"));
        assertEquals(words(changes.subList(5, 8)), words(rest));
      }
    }
  }

  private ChronolithProcess start(int port) {
    return ChronolithProcess.start(directory.resolve("data"), port, PINGS);
  }

  /** Appends numbers to a list, each in a database of its own choice: nothing idempotent. */
  private void writeJournal(RespClient client, int count, Random random) {
    int before = written.size();
    int pipelined = 0;
    for (int i = before; i < before + count; i++) {
      int db = random.nextInt(DATABASES);
      if (db != selected) {
        client.send("SELECT", Integer.toString(db));
        selected = db;
        pipelined++;
      }
      List<String> words =
          List.of("RPUSH", "journal", Integer.toString(i), "x".repeat(random.nextInt(300)));
      client.send(words.toArray(new String[0]));
      pipelined++;
      written.add(new Change(db, words, null));
      if (i % 10 == 9 || i == before + count - 1) {
        client.flush();
        for (; pipelined > 0; pipelined--) {
          client.receive();
        }
      }
    }
  }

  private Predicate<Change> lastWritten() {
    List<String> last = written.get(written.size() - 1).words();
    return change -> change.words().equals(last);
  }

  /** How many entries of the journal a snapshot holds; they must be the first ones. */
  private int journalSize(Snapshot snapshot) {
    Map<Integer, List<String>> journals = new HashMap<>();
    int size = 0;
    for (int db = 0; db < DATABASES; db++) {
      Object journal = snapshot.values.get(db + "/journal");
      if (journal instanceof List<?> list) {
        size += list.size() / 2;
      }
    }
    for (Change change : written.subList(0, size)) {
      journals
          .computeIfAbsent(change.db(), db -> new ArrayList<>())
          .addAll(change.words().subList(2, 4));
    }
    journals.forEach((db, list) -> assertEquals(list, snapshot.values.get(db + "/journal")));
    return size;
  }

  private static List<String> words(List<Change> changes) {
    List<String> lines = new ArrayList<>();
    changes.forEach(change -> lines.add(change.db() + " " + change.words()));
    return lines;
  }

  /** All types, small and large, in two databases. */
  private Map<String, Object> fillAllTypes(RespClient client) {
    Map<String, Object> expected = new HashMap<>();
    for (int db : new int[] {2, 0}) {
      client.call("SELECT", Integer.toString(db));
      for (int elements : new int[] {3, 1_000}) {
        List<String> list = new ArrayList<>();
        TreeSet<String> set = new TreeSet<>();
        TreeSet<String> numbers = new TreeSet<>();
        TreeMap<String, String> hash = new TreeMap<>();
        TreeMap<String, Double> scores = new TreeMap<>();
        for (int i = 0; i < elements; i++) {
          list.add("element " + i);
          set.add("\u0000\u00ff\r\n" + i);
          numbers.add(Integer.toString(i * 77_777 - 4_000_000));
          hash.put("field " + i, "v".repeat(i % 90));
          scores.put("member " + i, i == 1 ? Double.NEGATIVE_INFINITY : i / 8.0 - db);
        }
        list.forEach(element -> client.call("RPUSH", "list" + elements, element));
        set.forEach(member -> client.call("SADD", "set" + elements, member));
        numbers.forEach(number -> client.call("SADD", "numbers" + elements, number));
        hash.forEach((field, value) -> client.call("HSET", "hash" + elements, field, value));
        scores.forEach(
            (member, score) ->
                client.call(
                    "ZADD",
                    "zset" + elements,
                    Double.isInfinite(score) ? "-inf" : Double.toString(score),
                    member));
        expected.put(db + "/list" + elements, list);
        expected.put(db + "/set" + elements, set);
        expected.put(db + "/numbers" + elements, numbers);
        expected.put(db + "/hash" + elements, hash);
        expected.put(db + "/zset" + elements, scores);
      }
      for (String value : new String[] {"", "12345", "-7", "text", "h".repeat(2_000_000)}) {
        String key = "string" + value.length();
        client.call("SET", key, value);
        expected.put(db + "/" + key, value);
      }
      client.call("SET", "expiring", "value", "PXAT", Long.toString(FAR_MS));
      expected.put(db + "/expiring", "value");
    }
    return expected;
  }

  private static void fetchRdb(int port, Path rdb) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("redis-cli", "-p", Integer.toString(port), "--rdb", rdb.toString())
            .redirectErrorStream(true)
            .redirectOutput(rdb.resolveSibling("redis-cli.txt").toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "redis-cli does not end");
    assertEquals(0, process.exitValue(), Files.readString(rdb.resolveSibling("redis-cli.txt")));
  }

  private static Snapshot read(Path rdb) throws IOException {
    Snapshot snapshot = new Snapshot();
    try (Replicator file =
        new RedisReplicator(rdb.toFile(), FileType.RDB, Configuration.defaultSetting())) {
      file.addEventListener(
          (source, event) -> {
            if (event instanceof AuxField field) {
              snapshot.add(field);
            } else if (event instanceof KeyValuePair<?, ?> pair) {
              snapshot.add(pair);
            }
          });
      file.open();
    }
    return snapshot;
  }
}
