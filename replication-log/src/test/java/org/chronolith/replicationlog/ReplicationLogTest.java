package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicationLogTest {
  private static final int KIB = 1024;
  @TempDir Path dir;

  @Test
  void shouldEqualTheModelThroughRollsGroupsReopensAndTrims() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    LogConfig config = LogModel.smallConfig(dir.resolve("log")).withRetention(300 * KIB, 0);
    try (LogModel model = new LogModel(config, 1_000_000_007L, random)) {
      for (int step = 0; step < 600; step++) {
        switch (random.nextInt(40)) {
          case 0 -> model.reopen();
          case 1 -> model.log.trim(model.end() - random.nextInt(100 * KIB), 0);
          case 2 -> model.append(20 * KIB + random.nextInt(60 * KIB));
          case 3 -> model.log.appendIdentity(model.log.history().newId(model.end()), 3, 77);
          default -> model.append(1 + random.nextInt(random.nextInt(10) == 0 ? 5000 : 200));
        }
        assertEquals(model.end(), model.log.endOffset());
        if (random.nextInt(10) == 0) {
          long start = model.log.startOffset();
          long from = start + (long) (random.nextDouble() * (model.end() - start + 1));
          int size = 1 + random.nextInt(random.nextBoolean() ? 100 : 100_000);
          if (model.end() - from < 2000 || size > 50) {
            assertArrayEquals(model.from(from), model.read(from, size));
          }
        }
      }
      assertTrue(model.log.startOffset() > model.origin, "nothing was trimmed");
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  @Test
  void shouldReadFromEveryByteOfAWindow() {
    Random random = new Random(7);
    try (LogModel model = new LogModel(LogModel.smallConfig(dir.resolve("log")), 100, random)) {
      for (int i = 0; i < 60; i++) {
        model.append(1 + random.nextInt(60));
      }
      model.append(40 * KIB);
      model.append(3);
      long last = model.end();
      for (long offset = 100; offset <= 2000; offset++) {
        assertArrayEquals(model.from(offset), model.read(offset, 64 * KIB), "from " + offset);
      }
      for (long offset = last - 50; offset <= last; offset++) {
        assertArrayEquals(model.from(offset), model.read(offset, 1), "from " + offset);
      }
    }
  }

  /** Of the segments that were begun. */
  private static List<Long> startOffsets(LogConfig config) {
    return LogInspector.open(config.dir(), true).segments().stream()
        .filter(LogInspector.SegmentInfo::usable)
        .map(LogInspector.SegmentInfo::startOffset)
        .toList();
  }

  @Test
  void shouldBranchAtTheEndOfASealedSegment() throws IOException {
    Random random = new Random(3);
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    LogConfig other = LogModel.smallConfig(dir.resolve("other"));
    ByteBuf more = Unpooled.directBuffer().writeZero(100);
    try (LogModel model = new LogModel(config, 100, random)) {
      // A segment that was not prepared in time begins later, and the one before is longer.
      while (startOffsets(config).size() < 4) {
        model.append(1 + random.nextInt(5000));
      }
      assertTrue(model.log.branch(other, LogListener.none(), 5_000).isEmpty());
      assertFalse(ReplicationLog.exists(other));
      List<Long> starts = startOffsets(config);
      long most = starts.get(3) - 1;
      History history = model.log.history();
      long shared;
      try (ReplicationLog branch =
          model.log.branch(other, LogListener.none(), most).orElseThrow().log()) {
        shared = branch.endOffset();
        assertEquals(100, branch.startOffset());
        assertEquals(starts.get(2), shared);
        assertEquals(history, branch.history());
        assertArrayEquals(
            Arrays.copyOf(model.from(100), (int) (shared - 100)),
            LogModel.read(branch, 100, 64 * KIB));
        branch.appendIdentity(history.newId(shared), 0, 1);
        Await.until("space", () -> branch.canAppend(100));
        branch.append(more, 0, 100, 0, 1);
        model.append(200);
        assertEquals(shared + 100, branch.endOffset());
      }
      assertArrayEquals(model.from(100), model.read(100, 64 * KIB));
      try (ReplicationLog branch = ReplicationLog.open(other, LogListener.none())) {
        assertEquals(List.of(), branch.recovery().damage());
        assertEquals(shared + 100, branch.endOffset());
        assertEquals(shared, branch.history().validTo(history.currentId()));
        byte[] expected = Arrays.copyOf(model.from(100), (int) (shared - 100) + 100);
        Arrays.fill(expected, (int) (shared - 100), expected.length, (byte) 0);
        assertArrayEquals(expected, LogModel.read(branch, 100, 64 * KIB));
      }
    } finally {
      more.release();
    }
  }

  @Test
  void shouldRefuseOffsetsOutsideOfTheLog() {
    try (LogModel model =
        new LogModel(LogModel.smallConfig(dir.resolve("log")), 500, new Random(1))) {
      model.append(10);
      for (long outside : new long[] {-1, 499, 511}) {
        LogException refused = assertThrows(LogException.class, () -> model.log.reader(outside));
        assertEquals(LogException.Kind.OUT_OF_RANGE, refused.kind());
      }
      model.log.reader(510).close();
    }
  }

  @Test
  void shouldGiveRecordsWithTheirMetadata() {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    History first = History.fresh();
    try (ReplicationLog log = ReplicationLog.create(config, LogListener.none(), 50, first, 4)) {
      log.append(Unpooled.wrappedBuffer(new byte[] {9, 1, 2, 3, 9}), 1, 3, 7, 1234);
      History second = first.newId(53);
      log.appendIdentity(second, 7, 1235);
      byte[] big = new byte[40 * KIB];
      new Random(5).nextBytes(big);
      log.append(Unpooled.wrappedBuffer(big), 0, big.length, 8, 1236);
      try (LogReader reader = log.reader(50)) {
        LogRecord record = new LogRecord();
        assertTrue(reader.next(record));
        assertEquals(50, record.startOffset());
        assertEquals(53, record.endOffset());
        assertEquals(7, record.dbAtStart());
        assertEquals(1234, record.wallClockMs());
        assertEquals(2, record.buffer().getByte(record.payloadIndex() + 1));
        assertTrue(record.isCommit());
        assertTrue(reader.next(record));
        assertTrue(record.isIdentity());
        assertEquals(second, record.history());
        assertEquals(0, record.length());
        int at = 0;
        for (int part = 0; part < 3; part++) {
          assertTrue(reader.next(record));
          assertEquals(part, record.part());
          assertEquals(part == 2, record.isCommit());
          for (int i = 0; i < record.length(); i++) {
            assertEquals(big[at++], record.buffer().getByte(record.payloadIndex() + i));
          }
        }
        assertEquals(big.length, at);
        assertFalse(reader.next(record));
        assertEquals(log.endOffset(), reader.offset());
      }
    }
  }

  @Test
  void shouldRememberHistoryAndCleanClose() {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    History history = History.fresh();
    ByteBuf bytes = Unpooled.wrappedBuffer(new byte[100]);
    try (ReplicationLog log = ReplicationLog.create(config, LogListener.none(), 0, history, 0)) {
      log.append(bytes, 0, 100, 0, 1);
      log.markClean(0, 2);
    }
    History renamed = history.newId(100);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertTrue(log.wasClean());
      assertEquals(history, log.history());
      assertEquals(100, log.durableOffset());
      log.appendIdentity(renamed, 0, 3);
    }
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertFalse(log.wasClean());
      assertEquals(renamed, log.history());
      assertEquals(100, log.endOffset());
      log.markClean(0, 4);
    }
    for (int i = 0; i < 2; i++) {
      try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
        assertTrue(log.wasClean(), "opening alone consumed the marker");
        assertEquals(renamed, log.history());
      }
    }
  }

  @Test
  void shouldReportDurabilityFromTheSyncThread() {
    AtomicLong durable = new AtomicLong();
    AtomicReference<String> thread = new AtomicReference<>();
    LogListener listener =
        new LogListener() {
          @Override
          public void durable(long offset) {
            durable.set(offset);
            thread.set(Thread.currentThread().getName());
          }
        };
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (ReplicationLog log = ReplicationLog.create(config, listener, 10, History.fresh(), 0)) {
      log.append(Unpooled.wrappedBuffer(new byte[5]), 0, 5, 0, 1);
      log.requestSync();
      Await.until("durable offset", () -> log.durableOffset() == 15);
      Await.until("the listener", () -> durable.get() == 15);
      assertEquals("log-sync", thread.get());
      log.appendIdentity(History.fresh(), 0, 1);
      log.sync();
      assertTrue(log.durableIdentity());
    }
  }

  @Test
  void shouldRefuseASecondThreadAndNameTheFirst() throws InterruptedException {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0)) {
      AtomicReference<LogException> refused = new AtomicReference<>();
      log.adopt();
      Thread other =
          new Thread(
              () -> refused.set(assertThrows(LogException.class, () -> log.canAppend(1))), "other");
      other.start();
      other.join();
      assertEquals(LogException.Kind.MISUSE, refused.get().kind());
      assertTrue(
          refused.get().getMessage().contains(Thread.currentThread().getName()),
          refused.get().getMessage());
    }
  }

  @Test
  void shouldReserveMoreWhenAskedForALargeAppend() {
    try (LogModel model =
        new LogModel(LogModel.smallConfig(dir.resolve("log")), 0, new Random(3))) {
      assertFalse(model.log.canAppend(4 * 1024 * KIB));
      model.append(4 * 1024 * KIB);
      model.append(10);
      assertArrayEquals(model.bytes, model.read(0, 300_000));
      model.reopen();
      assertArrayEquals(model.bytes, model.read(0, 300_000));
    }
  }

  @Test
  void shouldWriteNothingWhenSpaceIsNotReserved() {
    try (LogModel model =
        new LogModel(LogModel.smallConfig(dir.resolve("log")), 0, new Random(3))) {
      ByteBuf bytes = ByteBufAllocator.DEFAULT.directBuffer().writeZero(8 * 1024 * KIB);
      LogException refused =
          assertThrows(
              LogException.class, () -> model.log.append(bytes, 0, bytes.readableBytes(), 0, 1));
      bytes.release();
      assertEquals(LogException.Kind.NO_SPACE, refused.kind());
      assertEquals(0, model.log.endOffset());
      model.append(100);
      assertArrayEquals(model.bytes, model.read(0, 1000));
    }
  }

  @Test
  void shouldTellAReaderThatItsSegmentsWereTrimmed() throws IOException {
    LogConfig config = LogModel.smallConfig(dir.resolve("log")).withRetention(1, 0);
    try (LogModel model = new LogModel(config, 0, new Random(3))) {
      model.append(100);
      LogReader reader = model.log.reader(0);
      appendUntilSegments(model, 4);
      model.log.sync();
      model.log.trim(model.end(), 0);
      assertTrue(model.log.startOffset() > 0);
      ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer();
      LogException trimmed =
          assertThrows(
              LogException.class,
              () -> {
                while (reader.read(out.clear(), 64 * KIB) > 0) {
                  assertTrue(reader.offset() > 0);
                }
              });
      assertEquals(LogException.Kind.TRIMMED, trimmed.kind());
      out.release();
      reader.close();
    }
  }

  @Test
  void shouldStaySmallOnDiskWhenEmptyAndLeaveNoReservedSpaceBehind() throws IOException {
    LogConfig config = LogConfig.of(dir.resolve("log"));
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0)) {
      log.append(Unpooled.wrappedBuffer(new byte[5]), 0, 5, 0, 1);
      assertTrue(bytesOnDisk() < 32 * KIB * KIB, bytesOnDisk() + " bytes");
    }
    assertTrue(bytesOnDisk() < 200 * KIB, bytesOnDisk() + " bytes");
    assertEquals(
        0,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("log-"))
            .count());
  }

  private static void appendUntilSegments(LogModel model, int segments) throws IOException {
    while (SegmentFiles.list(model.config.dir()).size() < segments) {
      model.append(5 * KIB);
    }
  }

  private long bytesOnDisk() throws IOException {
    try (Stream<Path> files = Files.walk(dir)) {
      return files.filter(Files::isRegularFile).mapToLong(path -> path.toFile().length()).sum();
    }
  }

  /** Only the disk can fail a force: what a listener throws is the listener's trouble. */
  @Test
  void shouldNotTakeAListenersExceptionForAFailedForce() {
    List<String> told = new CopyOnWriteArrayList<>();
    LogListener throwing =
        new LogListener() {
          @Override
          public void durable(long offset) {
            throw new IllegalStateException("its loop is closed");
          }

          @Override
          public void syncFailed(Throwable cause) {
            told.add("failed: " + cause);
          }

          @Override
          public void warning(String message, Throwable cause) {
            told.add("warning: " + cause.getMessage());
          }
        };
    LogConfig config = LogModel.smallConfig(dir.resolve("listener"));
    try (ReplicationLog log = ReplicationLog.create(config, throwing, 0, History.fresh(), 0)) {
      log.append(Unpooled.wrappedBuffer(new byte[9]), 0, 9, 0, 1);
      log.sync();
      assertNull(log.failure());
      assertEquals(9, log.durableOffset());
      log.markClean(0, 2);
    }
    assertFalse(told.isEmpty());
    assertTrue(
        told.stream().allMatch(one -> one.equals("warning: its loop is closed")), told::toString);
    try (ReplicationLog log = ReplicationLog.open(config, LogListener.none())) {
      assertTrue(log.wasClean());
    }
  }

  /** The first record of a segment names the stream: without it older ones are all there is. */
  @Test
  void shouldKeepOlderSegmentsUntilTheNextOnesFirstRecordIsOnDisk() throws IOException {
    Path logDir = dir.resolve("trim");
    LogConfig config = LogModel.smallConfig(logDir).withRetention(1, 0);
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0)) {
      log.append(Unpooled.wrappedBuffer(new byte[500]), 0, 500, 0, 1);
    }
    ForgetfulDisk disk = new ForgetfulDisk(logDir);
    disk.allIsForced();
    Path left = dir.resolve("left");
    try (ReplicationLog log =
        ReplicationLog.open(config, LogListener.none(), LogNeed.EVERYTHING, disk)) {
      // A second segment begins, with an identity at the same offset, and nothing forces it.
      log.appendIdentity(log.history().newId(500), 0, 2);
      log.trim(500, 3);
      log.dropDamaged(500);
      assertEquals(0, log.startOffset(), "the only segment that is on disk");
      disk.crashInto(left, new Random(1), true);
      log.append(Unpooled.wrappedBuffer(new byte[1]), 0, 1, 0, 3);
      log.sync();
      log.trim(500, 4);
      assertEquals(500, log.startOffset());
    }
    LogConfig after = LogModel.smallConfig(left);
    try (ReplicationLog log = ReplicationLog.open(after, LogListener.none())) {
      assertEquals(500, log.endOffset());
    }
  }
}
