package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.replicationlog.History;
import org.chronolith.server.recovery.ForkMark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreTest {
  private static final long T0 = 1_769_860_800_000L;

  @TempDir Path root;

  /** The state at a commit. */
  private record Mark(long offset, long ms, byte[] digest, String id) {}

  private Path source() {
    return root.resolve("source");
  }

  private DataFixture.Run restore(String to, Path into, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("restore", source().toString(), "--to", to, "--into", into.toString()));
    arguments.addAll(List.of(more));
    return DataFixture.tool(arguments.toArray(String[]::new));
  }

  /** Random commands on a few keys of all types, with a checkpoint now and then, and restarts. */
  private List<Mark> write(Random random, int commands, int restarts) throws Exception {
    List<Mark> marks = new ArrayList<>();
    long ms = T0;
    for (int run = 0; run <= restarts; run++) {
      try (DataFixture node = new DataFixture(source())) {
        if (run == 0) {
          node.write(ms, "SELECT", "0");
        }
        for (int i = 0; i < commands; i++) {
          ms += 1 + random.nextInt(2000);
          one(node, random, ms);
          marks.add(new Mark(node.offset(), ms, node.digest(), node.log().history().currentId()));
          if (random.nextInt(commands / 2) == 0) {
            node.checkpoint(ms);
          }
        }
        if (random.nextBoolean()) {
          node.markClean(ms);
        }
      }
    }
    return marks;
  }

  private static void one(DataFixture node, Random random, long ms) throws Exception {
    String key = "key" + random.nextInt(20);
    String text = "v" + random.nextInt(1000);
    switch (random.nextInt(8)) {
      case 0 -> node.write(ms, "DEL", key, "h" + key, "l" + key, "z" + key);
      case 1 -> node.write(ms, "HSET", "h" + key, "f" + random.nextInt(30), text);
      case 2 -> node.write(ms, "RPUSH", "l" + key, text);
      case 3 -> node.write(ms, "ZADD", "z" + key, Integer.toString(random.nextInt()), text);
      case 4 -> node.write(ms, "SET", key, text.repeat(1 + random.nextInt(3000)));
      case 5 -> node.write(ms, "SELECT", Integer.toString(random.nextInt(4)));
      case 6 -> node.writeAll(ms, "MULTI", "SET " + key + " " + text, "INCR n" + key, "EXEC");
      default -> node.write(ms, "SET", key, text, "PXAT", Long.toString(ms + 1));
    }
  }

  @Test
  void shouldBuildTheStateOfAnyOffsetAndTime() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<Mark> marks = write(random, 60, 2);
    Map<String, String> before = DataFixture.files(source());
    for (int i = 0; i < 6; i++) {
      Mark mark = i == 0 ? marks.get(marks.size() - 1) : marks.get(random.nextInt(marks.size()));
      String when = "seed " + seed + ", offset " + mark.offset();
      boolean byTime = random.nextBoolean();
      Path into = root.resolve("into" + i);
      DataFixture.Run run =
          restore(byTime ? "ms:" + mark.ms() : Long.toString(mark.offset()), into);
      assertEquals(0, run.code(), when + run.err());
      assertTrue(run.out().contains("as of offset " + mark.offset() + " "), when + run.out());
      DataFixture.Run check = DataFixture.tool("check", into.toString());
      assertEquals(0, check.code(), when + check.out());
      try (DataFixture node = new DataFixture(into)) {
        assertArrayEquals(mark.digest(), node.digest(), when);
        assertEquals(mark.offset(), node.offset(), when);
        History history = node.log().history();
        assertNotEquals(mark.id(), history.currentId(), when);
        assertEquals(mark.offset(), history.validTo(mark.id()), when);
      }
    }
    assertEquals(before, DataFixture.files(source()), "the source was changed, seed " + seed);
  }

  @Test
  void shouldStopBeforeTheCommandThatAnOffsetLiesIn() throws Exception {
    long before;
    byte[] digest;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0, "SET", "a", "1");
      before = node.offset();
      digest = node.digest();
      node.writeAll(T0 + 1, "SET b 1", "FLUSHALL");
    }
    Path into = root.resolve("into");
    DataFixture.Run run = restore(Long.toString(before + 5), into);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("lies inside a command that begins at " + before), run.out());
    try (DataFixture node = new DataFixture(into)) {
      assertArrayEquals(digest, node.digest());
    }
    // Between two commands of one commit: the state before FLUSHALL.
    DataFixture.Run log = DataFixture.tool("log", source().toString(), "--from", "end");
    assertEquals(0, log.code());
    long flush = before + "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n".length();
    assertEquals(0, restore(Long.toString(flush), root.resolve("two"), "--json").code());
    try (DataFixture node = new DataFixture(root.resolve("two"))) {
      assertEquals(flush, node.offset());
    }
  }

  @Test
  void shouldNameWhatCanBeReached() throws Exception {
    long snapshot;
    long end;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      for (int i = 0; i < 80; i++) {
        node.write(T0 + i * 1000L, "SET", "key" + i, "x".repeat(4000));
      }
      // A new segment is begun once it is ready, however much has been written until then.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      do {
        assertTrue(System.nanoTime() < deadline, "the log is trimmed within 20 s");
        node.write(T0 + 79_999, "SET", "more", "x".repeat(4000));
        node.checkpoint(T0 + 80_000);
        snapshot = node.offset();
        node.write(T0 + 80_001, "SET", "behind", "1");
        node.log().sync();
        node.log().trim(snapshot, System.currentTimeMillis());
      } while (node.log().startOffset() == 0);
      node.write(T0 + 90_000, "SET", "last", "1");
      end = node.offset();
    }
    Path into = root.resolve("into");
    String window =
        "Reachable: offset " + snapshot + " (" + Point.time(T0 + 80_000) + ") to " + end;
    for (String to : List.of("5", "2020-01-01T00:00:00Z", Long.toString(end + 1))) {
      DataFixture.Run run = restore(to, into);
      assertEquals(2, run.code(), run.out());
      assertTrue(run.err().contains(window), run.err());
      assertFalse(Files.exists(into));
    }
    assertTrue(restore("2200-01-01", into).err().contains("in the future"));
    assertEquals(0, restore(Long.toString(snapshot), into).code());
    DataFixture.Run again = restore("end", into);
    assertEquals(2, again.code());
    assertTrue(again.err().contains("is not empty"), again.err());
  }

  @Test
  void shouldNameTheDamageThatIsInTheWay() throws Exception {
    long first;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0, "SET", "a", "1");
      first = node.offset();
      node.write(T0 + 1, "SET", "b", "x".repeat(9000));
      node.write(T0 + 2, "SET", "c", "1");
    }
    Path file = DataFixture.segment(source(), 1);
    DataFixture.flip(file, Files.size(file) - 3000);
    DataFixture.Run run = restore("end", root.resolve("into"));
    assertEquals(2, run.code(), run.out());
    assertTrue(run.err().contains(file.toString()), run.err());
    assertTrue(run.err().contains(") to " + first), run.err());
    assertEquals(0, restore(Long.toString(first), root.resolve("into")).code());
  }

  @Test
  void shouldPassOverACheckpointWithADamagedTable() throws Exception {
    byte[] digest;
    Path checkpoint;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0, "SET", "a", "1");
      node.checkpoint(T0);
      checkpoint = source().resolve("gen-1/snapshot/checkpoint-" + node.offset());
      node.write(T0 + 1, "SET", "b", "1");
      digest = node.digest();
    }
    try (var files = Files.list(checkpoint)) {
      Path table = files.filter(path -> path.toString().endsWith(".sst")).findFirst().get();
      DataFixture.flip(table, 10);
    }
    Path into = root.resolve("into");
    DataFixture.Run run = restore("end", into);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("was passed over"), run.out());
    try (DataFixture node = new DataFixture(into)) {
      assertArrayEquals(digest, node.digest());
    }
  }

  /** As a start, which sets such a log aside. */
  @Test
  void shouldGoToASoundSnapshotThatTheLogEndsBefore() throws Exception {
    long logEnd;
    byte[] atLogEnd;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0 + 1000, "SET", "a", "1");
      logEnd = node.offset();
      atLogEnd = node.digest();
    }
    long snapshot;
    byte[] digest;
    String id;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0 + 2000, "SET", "b", "1");
      node.checkpoint(T0 + 5000);
      snapshot = node.offset();
      digest = node.digest();
      id = node.log().history().currentId();
    }
    Path newest = DataFixture.newestSegment(source());
    Files.move(newest.getParent(), root.resolve("away"));
    Files.delete(source().resolve("gen-1/log/forced"));
    for (String to : List.of("end", Long.toString(snapshot), "ms:" + (T0 + 5000), "-1s")) {
      Path into = root.resolve("into" + to.replace(':', '-'));
      DataFixture.Run run = restore(to, into);
      assertEquals(0, run.code(), to + run.err());
      assertTrue(run.out().contains("as of offset " + snapshot + " "), to + run.out());
      assertTrue(run.out().contains("the log ends before, at offset " + logEnd), to + run.out());
      try (DataFixture node = new DataFixture(into)) {
        assertArrayEquals(digest, node.digest(), to);
        assertEquals(snapshot, node.log().history().validTo(id), to);
      }
    }
    String rdb = root.resolve("dump.rdb").toString();
    DataFixture.Run export = DataFixture.tool("export", source().toString(), rdb);
    assertTrue(export.out().contains("as of offset " + snapshot + " "), export.out());
    // Before the snapshot, the log is all there is, and it may lack something.
    DataFixture.Run before = restore("ms:" + (T0 + 4000), root.resolve("before"));
    assertEquals(0, before.code(), before.err());
    assertTrue(before.out().contains("as of offset " + logEnd + " "), before.out());
    String lacks = "between offset " + logEnd + " and checkpoint-" + snapshot + " is not in it";
    assertTrue(before.out().contains(lacks), before.out());
    DataFixture.Run beyond = restore(Long.toString(snapshot + 1), root.resolve("beyond"));
    assertEquals(2, beyond.code(), beyond.out());

    Path checkpoint = source().resolve("gen-1/snapshot/checkpoint-" + snapshot);
    try (var files = Files.list(checkpoint)) {
      Path table = files.filter(path -> path.toString().endsWith(".sst")).findFirst().get();
      DataFixture.flip(table, 10);
    }
    DataFixture.Run older = restore("end", root.resolve("older"));
    assertEquals(0, older.code(), older.err());
    assertTrue(older.out().contains("was passed over"), older.out());
    assertTrue(older.out().contains(lacks), older.out());
    try (DataFixture node = new DataFixture(root.resolve("older"))) {
      assertArrayEquals(atLogEnd, node.digest());
    }
  }

  @Test
  void shouldSayWhyThereAreMoreDatabasesThanAskedFor() throws Exception {
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0, "SET", "a", "1");
    }
    DataFixture.Run run = restore("end", root.resolve("into"), "--databases", "2");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("at least 16 databases are made"), run.out());
    assertFalse(run.out().contains("the snapshot has"), run.out());
  }

  @Test
  void shouldGoBeyondTheTimeOfACopyThatANodeWentOnWith() throws Exception {
    long end;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      new ForkMark("backup", node.log().history().currentId(), node.offset(), T0 + 5000)
          .write(source());
    }
    try (DataFixture node = new DataFixture(source(), true)) {
      node.write(T0 + 6000, "SET", "a", "1");
      end = node.offset();
    }
    assertTrue(ForkMark.exists(source()));
    DataFixture.Run replica = restore("-1s", root.resolve("one"));
    assertEquals(0, replica.code(), replica.err());
    assertTrue(replica.out().contains("as of offset " + end + " "), replica.out());
    // A repair made no copy.
    new ForkMark("cut", "0".repeat(40), end, T0 + 7000).write(source());
    DataFixture.Run cut = restore("-1s", root.resolve("two"));
    assertEquals(0, cut.code(), cut.err());
  }

  @Test
  void shouldNotGoBeyondTheTimeOfACopy() throws Exception {
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      node.write(T0, "SET", "a", "1");
      new ForkMark("backup", node.log().history().currentId(), node.offset(), T0 + 5000)
          .write(source());
    }
    assertEquals(0, restore("ms:" + (T0 + 4000), root.resolve("one")).code());
    DataFixture.Run run = restore("ms:" + (T0 + 6000), root.resolve("two"));
    assertEquals(2, run.code());
    assertTrue(run.err().contains("was made at " + Point.time(T0 + 5000)), run.err());
    assertTrue(run.err().contains("--log DIR"), run.err());
  }

  @Test
  void shouldLeaveNothingLaterThanATimeInTheResult() throws Exception {
    long first;
    try (DataFixture node = new DataFixture(source())) {
      node.write(T0, "SELECT", "0");
      first = node.offset();
      node.write(T0 + 9000, "FLUSHALL");
      node.write(T0 + 3000, "SET", "a", "1");
    }
    DataFixture.Run run = restore("ms:" + (T0 + 5000), root.resolve("into"));
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("as of offset " + first + " "), run.out());
    assertTrue(run.out().contains("the clock went back"), run.out());
  }

  @Test
  void shouldTakeANewIdOnACopyThatWasClosedCleanly() throws Exception {
    String id;
    try (DataFixture node = new DataFixture(source())) {
      id = node.log().history().currentId();
      node.write(T0, "SELECT", "0");
      node.markClean(T0);
      new ForkMark("backup", id, node.offset(), T0).write(source());
    }
    // A replica writes nothing of its own: the id stays, and so does the mark.
    try (DataFixture node = new DataFixture(source(), true)) {
      assertEquals(id, node.log().history().currentId());
    }
    assertTrue(ForkMark.exists(source()));
    String next;
    try (DataFixture node = new DataFixture(source())) {
      next = node.log().history().currentId();
      assertNotEquals(id, next);
      assertEquals(node.offset(), node.log().history().validTo(id));
      node.markClean(T0 + 1);
    }
    assertFalse(ForkMark.exists(source()));
    try (DataFixture node = new DataFixture(source())) {
      assertEquals(next, node.log().history().currentId());
    }
  }
}
