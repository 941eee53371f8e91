package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.BatchSink;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotDisk;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.server.config.SaveRule;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Steps the duty by hand, with a keyspace and a stream that the test controls, and a real store.
 */
class SnapshotDutyTest {
  private static final long START_MS = 1_700_000_000_000L;

  @TempDir Path directory;
  private final FakeKeyspace keyspace = new FakeKeyspace();
  private final FakeStream stream = new FakeStream();
  private final List<String> outcomes = new ArrayList<>();
  private List<SaveRule> rules = List.of();
  private long triggerLogBytes;
  private long changes;
  private long commands;
  private long nowMs = START_MS;
  private SnapshotDuty duty;
  private SnapshotStore store;

  @BeforeEach
  void open() {
    duty =
        new SnapshotDuty(
            keyspace,
            stream,
            () -> changes,
            () -> commands,
            () -> rules,
            () -> triggerLogBytes,
            () -> {},
            nowMs);
    store = SnapshotStore.open(SnapshotConfig.defaults(directory), duty);
    duty.adopt(store, 0, 0);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void shouldMakeARequestedSnapshotOfTheStateAtItsMark() throws Exception {
    write("a", "1");
    keyspace.preparations = 3;
    stream.selectedDb = 4;
    duty.request("BGSAVE", this::outcome);
    assertTrue(duty.inProgress());
    runUntil(() -> !outcomes.isEmpty());
    assertEquals(List.of("ok"), outcomes);
    Checkpoint newest = store.newest().orElseThrow();
    assertEquals(stream.end, newest.offset());
    assertEquals(4, newest.meta().selectedDb());
    assertEquals(1, newest.meta().keys());
    assertEquals(stream.history(), HistoryAttributes.read(newest.meta()));
    assertEquals("{a=1}", items());
    assertFalse(duty.inProgress());
    assertEquals(stream.end, stream.trimmedTo);
    assertEquals(1, duty.statistics().saves());
    assertTrue(duty.statistics().lastOk());
  }

  @Test
  void shouldNotPublishBeforeTheNameOfTheStreamIsDurable() throws Exception {
    stream.syncs = false;
    stream.durable = stream.end;
    stream.durableIdentity = false;
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> duty.state() == SnapshotDuty.State.AWAITING_LOG);
    for (int i = 0; i < 50; i++) {
      duty.doWork(nowMs);
    }
    assertEquals(SnapshotDuty.State.AWAITING_LOG, duty.state());
    assertTrue(store.newest().isEmpty());
    stream.syncs = true;
    runUntil(() -> !outcomes.isEmpty());
    assertEquals(List.of("ok"), outcomes);
  }

  @Test
  void shouldNotPublishBeforeTheLogIsDurableThroughTheMark() throws Exception {
    write("a", "1");
    stream.syncs = false;
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> duty.state() == SnapshotDuty.State.AWAITING_LOG);
    long mark = stream.end;
    write("a", "2");
    stream.durable = mark - 1;
    for (int i = 0; i < 50; i++) {
      duty.doWork(nowMs);
    }
    assertEquals(SnapshotDuty.State.AWAITING_LOG, duty.state());
    assertTrue(store.newest().isEmpty());
    stream.durable = mark;
    runUntil(() -> !outcomes.isEmpty());
    assertEquals(mark, store.newest().orElseThrow().offset());
    assertEquals(1, duty.changesSinceLastSave());
  }

  @Test
  void shouldFollowTheSaveRulesFromTheLastMarkOn() throws Exception {
    rules = List.of(new SaveRule(10, 3));
    write("a", "1");
    write("b", "1");
    nowMs += 20_000;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
    write("c", "1");
    runUntil(() -> duty.statistics().saves() == 1);
    assertEquals(0, duty.changesSinceLastSave());
    assertEquals(nowMs, duty.statistics().lastSaveMs());
    for (int i = 0; i < 3; i++) {
      write("c", "2");
    }
    nowMs += 10_000;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
    nowMs += 1;
    runUntil(() -> duty.statistics().saves() == 2);
  }

  /** Else the log would grow until the disk is full, for a start that is not to be had. */
  @Test
  void shouldLetGoOfTheLogWhenNoSoundSnapshotIsLeftThatItLeadsOnFrom() throws Exception {
    write("a", "1");
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> !outcomes.isEmpty());
    Checkpoint newest = store.newest().orElseThrow();
    Path table;
    try (Stream<Path> files = Files.list(newest.directory())) {
      table = files.filter(path -> path.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(table);
    bytes[4] ^= 1;
    Files.write(table, bytes);
    assertThrows(EngineException.class, () -> store.scrub(0, () -> false));
    assertTrue(store.hasDistrusted());
    // The full one that is made now must not end.
    stream.syncs = false;
    write("a", "2");
    nowMs += 60_000;
    duty.doWork(nowMs);
    assertEquals(0, stream.trimmedTo, "all of the log leads to the data");
    stream.startOffset = 50;
    nowMs += 60_000;
    duty.doWork(nowMs);
    assertEquals(newest.offset(), stream.trimmedTo);
  }

  @Test
  void shouldMakeASnapshotOnceADamagedPartOfTheLogIsLeft() throws Exception {
    write("a", "1");
    stream.damaged = true;
    nowMs += 60_000;
    runUntil(() -> duty.statistics().saves() == 1);
    assertEquals(stream.end, store.newest().orElseThrow().offset());
    nowMs += 60_000;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
  }

  @Test
  void shouldFollowTheGrowthOfTheLog() throws Exception {
    triggerLogBytes = 1000;
    stream.end = 999;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
    stream.end = 1000;
    runUntil(() -> duty.statistics().saves() == 1);
    assertEquals(1000, duty.lastOffset());
    stream.end = 1999;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
  }

  @Test
  void shouldGiveClientsSevenEighthsOfTheTimeAndTakeAllWhenIdle() {
    keyspace.endless = true;
    duty.request("BGSAVE", null);
    commands++;
    duty.doWork(nowMs);
    commands++;
    assertTrue(duty.doWork(nowMs) >= 1);
    assertEquals(0, duty.doWork(nowMs));
    duty.abort("end of the test");
  }

  @Test
  void shouldReportAWalkThatGaveWayAndTryAgain() throws Exception {
    write("a", "1");
    keyspace.giveWay = true;
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> !outcomes.isEmpty());
    assertEquals(List.of("the queue was full"), outcomes);
    assertFalse(duty.statistics().lastOk());
    keyspace.giveWay = false;
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> outcomes.size() == 2);
    assertEquals("ok", outcomes.get(1));
    assertEquals("{a=1}", items());
  }

  @Test
  void shouldWaitFiveSecondsAfterAFailureBeforeARuleIsDueAgain() throws Exception {
    rules = List.of(new SaveRule(1, 1));
    write("a", "1");
    keyspace.giveWay = true;
    nowMs += 2_000;
    duty.doWork(nowMs);
    runUntil(() -> !duty.inProgress());
    keyspace.giveWay = false;
    nowMs += 4_999;
    duty.doWork(nowMs);
    assertFalse(duty.inProgress());
    nowMs += 1;
    runUntil(() -> duty.statistics().saves() == 1);
    assertTrue(duty.statistics().lastOk());
  }

  @Test
  void shouldBringEverythingAfterBatchesWereLost() throws Exception {
    write("a", "1");
    snapshot();
    write("b", "2");
    keyspace.blockAt = 1;
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> duty.state() == SnapshotDuty.State.WALKING && keyspace.blocked);
    SnapshotStoreFaults.loseWorkingDirectory(directory);
    keyspace.blockAt = -1;
    runUntil(() -> outcomes.size() == 2);
    assertTrue(outcomes.get(1).contains("cannot flush"), outcomes.get(1));
    assertFalse(keyspace.broughtEverything);
    snapshot();
    assertTrue(keyspace.broughtEverything);
    assertEquals("{a=1, b=2}", items());
  }

  /**
   * By the time that the failure is seen, what the snapshot had taken is given back: the free space
   * does not tell why it failed.
   */
  @Test
  void shouldRetrySoonAfterAFailureForWantOfSpaceThoughThereIsSomeAgain(@TempDir Path small)
      throws Exception {
    boolean[] full = {true};
    SnapshotDisk disk = new DiskOfOneSnapshot(full);
    try (SnapshotStore tight = SnapshotStore.open(SnapshotConfig.defaults(small), duty, disk)) {
      duty.adopt(tight, 0, 0);
      triggerLogBytes = 1;
      write("a", "1");
      long pauseMs = 0;
      for (int failures = 1; failures <= 3; failures++) {
        int expected = failures;
        runUntil(() -> duty.statistics().failuresInARow() == expected);
        pauseMs = SaveTriggers.retryWithSpaceAfterMs(failures);
        assertEquals(500L << (failures - 1), pauseMs);
        nowMs += pauseMs - 1;
        duty.doWork(nowMs);
        assertFalse(duty.inProgress(), "too soon");
        nowMs++;
      }
      full[0] = false;
      runUntil(() -> duty.statistics().saves() == 1);
    }
  }

  /** It comes again at each try, and is no error of the program. */
  @Test
  void shouldTellInOneLineThatSpaceIsMissing(@TempDir Path small) throws Exception {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    Logger logger = (Logger) LoggerFactory.getLogger(SnapshotDuty.class);
    logger.addAppender(lines);
    SnapshotDisk disk = new DiskOfOneSnapshot(new boolean[] {true});
    try (SnapshotStore tight = SnapshotStore.open(SnapshotConfig.defaults(small), duty, disk)) {
      duty.adopt(tight, 0, 0);
      write("a", "1");
      duty.request("BGSAVE", this::outcome);
      runUntil(() -> !outcomes.isEmpty());
    } finally {
      // Closing the store has waited for what its thread had to say.
      logger.detachAppender(lines);
    }
    List<ILoggingEvent> errors =
        lines.list.stream().filter(line -> line.getLevel().isGreaterOrEqual(Level.WARN)).toList();
    assertEquals(1, errors.size(), errors.toString());
    String line = errors.get(0).getFormattedMessage();
    assertTrue(line.contains("No space left on device"), line);
    assertNull(errors.get(0).getThrowableProxy());
  }

  /** No space for as long as something is written, and enough of it at any other time. */
  private static final class DiskOfOneSnapshot implements SnapshotDisk {
    private final boolean[] full;

    DiskOfOneSnapshot(boolean[] full) {
      this.full = full;
    }

    @Override
    public void force(Path fileOrDirectory) throws IOException {
      SnapshotDisk.REAL.force(fileOrDirectory);
    }

    @Override
    public void write(Path file, byte[] bytes) throws IOException {
      if (full[0]) {
        throw new FileSystemException(file.toString(), null, "No space left on device");
      }
      SnapshotDisk.REAL.write(file, bytes);
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
      SnapshotDisk.REAL.link(existing, name);
    }

    @Override
    public void copy(Path from, Path to) throws IOException {
      SnapshotDisk.REAL.copy(from, to);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      SnapshotDisk.REAL.rename(from, to);
    }

    @Override
    public void remove(Path removed) throws IOException {
      SnapshotDisk.REAL.remove(removed);
    }
  }

  @Test
  void shouldGiveUpForAnotherGeneration(@TempDir Path other) throws Exception {
    write("a", "1");
    keyspace.endless = true;
    duty.request("BGSAVE", this::outcome);
    duty.doWork(nowMs);
    assertEquals(SnapshotDuty.State.WALKING, duty.state());
    try (SnapshotStore next = SnapshotStore.open(SnapshotConfig.defaults(other), duty)) {
      duty.adopt(next, 500, 12);
      assertEquals(List.of("another generation takes over"), outcomes);
      assertTrue(keyspace.aborted);
      assertEquals(500, duty.lastOffset());
      assertEquals(12, duty.changesSinceLastSave());
      assertTrue(duty.statistics().lastOk());
    }
  }

  @Test
  void shouldServeAReplicaThatComesDuringASnapshotWithThatOne() throws Exception {
    write("a", "1");
    write("b", "1");
    duty.request("BGSAVE", this::outcome);
    duty.doWork(nowMs);
    assertEquals(SnapshotDuty.State.WALKING, duty.state());
    duty.requestAny("a replica needs a full resync", this::outcome);
    commands++;
    assertTrue(duty.doWork(nowMs) <= 1, "it goes on sooner than for nobody");
    runUntil(() -> outcomes.size() == 2);
    assertEquals(List.of("ok", "ok"), outcomes);
    assertEquals(1, duty.statistics().saves());
    assertFalse(duty.inProgress());
    duty.requestAny("a replica needs a full resync", this::outcome);
    runUntil(() -> outcomes.size() == 3);
    assertEquals(2, duty.statistics().saves());
  }

  @Test
  void shouldServeARequestMadeDuringASnapshotWithAnotherOne() throws Exception {
    write("a", "1");
    stream.syncs = false;
    duty.request("save rule", this::outcome);
    runUntil(() -> duty.state() == SnapshotDuty.State.AWAITING_LOG);
    write("a", "2");
    duty.requestUrgently("shutdown", this::outcome);
    stream.syncs = true;
    stream.requestSync();
    runUntil(() -> outcomes.size() == 2);
    assertEquals(2, duty.statistics().saves());
    assertEquals("{a=2}", items());
  }

  private void snapshot() throws InterruptedException {
    int before = outcomes.size();
    duty.request("BGSAVE", this::outcome);
    runUntil(() -> outcomes.size() > before);
    assertEquals("ok", outcomes.get(before));
  }

  private void outcome(String failure) {
    outcomes.add(failure == null ? "ok" : failure);
  }

  private void write(String key, String value) {
    keyspace.put(key, value);
    stream.end += 30;
    changes++;
    commands++;
  }

  private String items() {
    SortedMap<String, String> items = new TreeMap<>();
    store.load(
        store.newest().orElseThrow(),
        (key, value) ->
            items.put(
                key.toString(StandardCharsets.UTF_8), value.toString(StandardCharsets.UTF_8)));
    return items.toString();
  }

  private void runUntil(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "within 20 s, state " + duty.state());
      duty.doWork(nowMs);
      TimeUnit.MICROSECONDS.sleep(100);
    }
  }

  /** What breaks below a store. */
  private static final class SnapshotStoreFaults {
    static void loseWorkingDirectory(Path directory) throws IOException {
      Files.move(directory.resolve("working"), directory.resolve("lost"));
    }
  }

  private static final class FakeStream implements SnapshotStream {
    private final History history = History.fresh().newId(0);
    long end = 100;
    long durable;
    boolean durableIdentity = true;
    long trimmedTo;
    long startOffset;
    boolean spaceLow;
    boolean damaged;
    int selectedDb;
    boolean syncs = true;

    @Override
    public boolean isSpaceLow() {
      return spaceLow;
    }

    @Override
    public long usableBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public long appendStaged() {
      return end;
    }

    @Override
    public long endOffset() {
      return end;
    }

    @Override
    public long durableOffset() {
      return durable;
    }

    @Override
    public boolean durableIdentity() {
      return durableIdentity;
    }

    @Override
    public long startOffset() {
      return startOffset;
    }

    @Override
    public void requestSync() {
      if (syncs) {
        durable = end;
        durableIdentity = true;
      }
    }

    @Override
    public History history() {
      return history;
    }

    @Override
    public int selectedDb() {
      return selectedDb;
    }

    @Override
    public boolean leaveDamaged(long atMs) {
      boolean leaves = damaged;
      damaged = false;
      return leaves;
    }

    @Override
    public long trim(long keepFromOffset, long atMs) {
      trimmedTo = keepFromOffset;
      return startOffset;
    }
  }

  /** A map with a list of changed keys; a step brings one of them. */
  private static final class FakeKeyspace implements SnapshotSource {
    private final SortedMap<String, String> map = new TreeMap<>();
    private final List<String> dirty = new ArrayList<>();
    private List<String> walk = List.of();
    private BatchSink sink;
    private int steps;
    boolean endless;
    boolean giveWay;
    boolean aborted;
    boolean broughtEverything;
    boolean blocked;
    int blockAt = -1;
    int preparations;

    void put(String key, String value) {
      map.put(key, value);
      dirty.add(key);
    }

    @Override
    public void begin(BatchSink to, boolean everything) {
      sink = to;
      steps = 0;
      broughtEverything = everything;
      walk = new ArrayList<>(everything ? map.keySet() : dirty);
    }

    @Override
    public Step step(long budgetNanos) {
      if (endless) {
        return Step.MORE;
      }
      if (giveWay) {
        return Step.GAVE_WAY;
      }
      if (steps++ == blockAt) {
        blocked = true;
      }
      if (blocked && blockAt >= 0) {
        return Step.BLOCKED;
      }
      if (walk.isEmpty()) {
        dirty.clear();
        return Step.DONE;
      }
      byte[] key = walk.get(0).getBytes(StandardCharsets.UTF_8);
      byte[] value = map.get(walk.get(0)).getBytes(StandardCharsets.UTF_8);
      ByteBuf batch = Unpooled.directBuffer();
      batch.writeByte(BatchSink.PUT).writeInt(key.length).writeBytes(key);
      batch.writeInt(value.length).writeBytes(value);
      if (!sink.offer(batch)) {
        batch.release();
        return Step.BLOCKED;
      }
      walk.remove(0);
      return Step.MORE;
    }

    @Override
    public boolean prepare(long budgetNanos) {
      return preparations-- <= 0;
    }

    @Override
    public void abort(String why) {
      aborted = true;
    }

    @Override
    public String reason() {
      return giveWay ? "the queue was full" : "";
    }

    @Override
    public long itemsExamined() {
      return steps;
    }

    @Override
    public long keys() {
      return map.size();
    }
  }
}
