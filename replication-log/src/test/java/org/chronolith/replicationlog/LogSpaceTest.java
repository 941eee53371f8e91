package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A volume that runs out of space, at the places where space is asked for. */
class LogSpaceTest {
  private static final int KIB = 1024;
  private static final int RECORD_BYTES = 8 * KIB;

  @TempDir Path dir;
  private final Budget volume = new Budget();
  private final Reports reports = new Reports();
  private final ByteBuf bytes = Unpooled.directBuffer().writeZero(RECORD_BYTES);

  /** Gives so many bytes and no more. */
  private static final class Budget implements LogDisk {
    final AtomicLong left = new AtomicLong(Long.MAX_VALUE);

    /** Stays as it is, whatever is taken: the thread that reserves does so when it likes. */
    volatile boolean pinned;

    /** When it was last asked, by the clock of {@link System#nanoTime}. */
    volatile long askedNanos;

    /** Why nothing can be had though there seems to be space; null if it can. */
    volatile String reason;

    volatile boolean forcesFail;

    /** Runs once, in the middle of a round of the thread that reserves. */
    final AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});

    @Override
    public void reserve(Path file, long from, long to) throws IOException {
      askedNanos = System.nanoTime();
      if (left.get() < to - from) {
        throw new FileSystemException(file.toString(), null, "No space left on device");
      }
      if (reason != null) {
        throw new FileSystemException(file.toString(), null, reason);
      }
      if (!pinned) {
        left.addAndGet(from - to);
      }
      REAL.reserve(file, from, to);
      meanwhile.getAndSet(() -> {}).run();
    }

    @Override
    public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
      if (forcesFail && metadata) {
        throw new IOException("Input/output error");
      }
      LogDisk.super.force(channel, file, metadata);
    }

    @Override
    public long usableBytes(Path directory) {
      askedNanos = System.nanoTime();
      return left.get();
    }
  }

  private final class Reports implements LogListener {
    final AtomicInteger refused = new AtomicInteger();

    /** When the attempts were made that were refused; the report may come later. */
    final List<Long> refusalNanos = new CopyOnWriteArrayList<>();

    final AtomicInteger reserved = new AtomicInteger();
    final List<String> full = new CopyOnWriteArrayList<>();
    final List<String> failed = new CopyOnWriteArrayList<>();

    @Override
    public void spaceRefused(String reason) {
      refusalNanos.add(volume.askedNanos);
      full.add(reason);
      refused.incrementAndGet();
    }

    @Override
    public void reserveFailed(String reason) {
      refusalNanos.add(volume.askedNanos);
      failed.add(reason);
      refused.incrementAndGet();
    }

    @Override
    public void spaceReserved() {
      reserved.incrementAndGet();
    }
  }

  private ReplicationLog create(LogConfig config) {
    return ReplicationLog.create(config, reports, 0, History.fresh(), 0, volume);
  }

  private void append(ReplicationLog log) {
    log.append(bytes, 0, RECORD_BYTES, 0, 1);
  }

  /** Until the volume is full and clients' effects are refused. */
  private void fill(ReplicationLog log) throws InterruptedException {
    while (log.endOffset() < 64L << 20) {
      int before = reports.refused.get();
      if (log.canAppend(RECORD_BYTES)) {
        append(log);
      } else {
        Await.until(
            "a report", () -> log.canAppend(RECORD_BYTES) || reports.refused.get() > before);
        if (!log.canAppend(RECORD_BYTES)) {
          return;
        }
      }
    }
    throw new AssertionError("never full");
  }

  @AfterEach
  void release() {
    bytes.release();
  }

  @Test
  void shouldReportSpaceThatIsAskedForInTheMiddleOfARound() throws Exception {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (ReplicationLog log = create(config)) {
      CountDownLatch reserving = new CountDownLatch(1);
      CountDownLatch asked = new CountDownLatch(1);
      volume.meanwhile.set(
          () -> {
            reserving.countDown();
            awaitLatch(asked);
          });
      // Nobody waits for this round: it reserves ahead of an appender that has moved on.
      while (reserving.getCount() > 0 && log.canAppend(RECORD_BYTES)) {
        append(log);
      }
      awaitLatch(reserving);
      int before = reports.reserved.get();
      assertFalse(log.canAppend(4 * config.headroomBytes()));
      asked.countDown();
      Await.until("a report", () -> reports.reserved.get() > before);
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "too late");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldRefuseClientsFirstThenInternalEffectsAndGoOnOnceThereIsSpace() throws Exception {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (ReplicationLog log = create(config)) {
      volume.left.set(3L << 20);
      fill(log);
      long clientsEnd = log.endOffset();
      while (log.canAppendInternal(100)) {
        log.append(bytes, 0, 100, 0, 1);
      }
      assertTrue(log.endOffset() > clientsEnd, "the reserve was there");
      assertTrue(log.canAppendIdentity());
      log.appendIdentity(log.history().newId(log.endOffset()), 0, 1);

      volume.left.set(Long.MAX_VALUE);
      Await.until("space again", () -> log.canAppend(RECORD_BYTES));
      append(log);
      log.sync();
      assertEquals(log.endOffset(), log.durableOffset());
    }
    try (ReplicationLog log = ReplicationLog.open(config, reports, LogNeed.NOTHING, volume)) {
      assertEquals(0, log.recovery().cutBytes());
    }
  }

  @Test
  void shouldGiveBackWhatWasReservedBehindATornEndThatStays() throws Exception {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (LogModel model = new LogModel(config, 0, new Random(5))) {
      model.append(RECORD_BYTES);
      model.log.close();
      LogInspector inspector = LogInspector.open(config.dir(), false);
      LogInspector.SegmentInfo segment = inspector.segments().get(0);
      long end = inspector.endOf(segment).position();
      byte[] torn = new byte[508];
      Arrays.fill(torn, (byte) 0x55);
      try (FileChannel file = FileChannel.open(segment.file(), StandardOpenOption.WRITE)) {
        file.write(ByteBuffer.wrap(torn), end);
        file.write(ByteBuffer.allocate(KIB), end + config.headroomBytes());
      }
      for (int starts = 0; starts < 2; starts++) {
        try (ReplicationLog log = ReplicationLog.open(config, reports, LogNeed.NOTHING, volume)) {
          assertArrayEquals(model.bytes, LogModel.read(log, 0, RECORD_BYTES));
        }
        long stays = end + torn.length + config.maxRecordBytes() + Integer.BYTES;
        assertEquals(stays, Files.size(segment.file()));
      }
    }
  }

  @Test
  void shouldTellAFullVolumeOrQuotaFromADiskThatFails() throws Exception {
    try (ReplicationLog log = create(LogModel.smallConfig(dir.resolve("log")))) {
      for (String lack : List.of("No space left on device", "cannot: Disk quota exceeded")) {
        refuseAndGoOn(log, () -> volume.reason = lack);
        String told = reports.full.get(reports.full.size() - 1);
        assertTrue(told.endsWith(lack), told);
      }
      assertEquals(List.of(), reports.failed);

      reports.full.clear();
      refuseAndGoOn(log, () -> volume.reason = "Input/output error");
      String told = reports.failed.get(0);
      assertTrue(told.contains(".cq4") && told.endsWith("Input/output error"), told);

      reports.failed.clear();
      refuseAndGoOn(log, () -> volume.forcesFail = true);
      told = reports.failed.get(0);
      assertTrue(told.endsWith("cannot force a new segment: Input/output error"), told);
      assertEquals(List.of(), reports.full);
    }
  }

  /** Until clients' effects are refused, and then until they are not any more. */
  private void refuseAndGoOn(ReplicationLog log, Runnable refuse) throws InterruptedException {
    refuse.run();
    fill(log);
    volume.reason = null;
    volume.forcesFail = false;
    Await.until("space again", () -> log.canAppend(RECORD_BYTES));
    append(log);
  }

  @Test
  void shouldTellAboutAFailureThatLastsNoMoreOftenThanItTriesAgain() throws Exception {
    try (ReplicationLog log = create(LogModel.smallConfig(dir.resolve("log")))) {
      volume.left.set(0);
      fill(log);
      // The first is made at once if a file has been given back since the last one.
      int first = reports.refused.get();
      long asked = 0;
      while (reports.refused.get() < first + 3) {
        assertFalse(log.canAppend(RECORD_BYTES));
        asked++;
      }
      for (int i = first + 1; i < first + 3; i++) {
        long pauseNanos = reports.refusalNanos.get(i) - reports.refusalNanos.get(i - 1);
        assertTrue(pauseNanos > 200_000_000L, pauseNanos + " ns, " + asked + " questions");
      }
    }
  }

  @Test
  void shouldBeginUnderANewIdInTheSpaceThatTheLastRunHadReserved() throws Exception {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    long end;
    try (ReplicationLog log = create(config)) {
      volume.left.set(1L << 20);
      fill(log);
      end = log.endOffset();
    }
    volume.left.set(192 * KIB);
    History next;
    try (ReplicationLog log = ReplicationLog.open(config, reports, LogNeed.NOTHING, volume)) {
      assertEquals(end, log.endOffset());
      next = log.history().newId(end);
      assertFalse(log.canAppend(8 * RECORD_BYTES));
      assertTrue(log.canAppendIdentity());
      log.appendIdentity(next, 0, 1);
      log.sync();
    }
    try (ReplicationLog log = ReplicationLog.open(config, reports, LogNeed.NOTHING, volume)) {
      assertEquals(next, log.history());
      assertEquals(end, log.endOffset());
    }
  }

  @Test
  void shouldBeReadableWithNoSpaceAtAll() throws Exception {
    LogConfig config = LogModel.smallConfig(dir.resolve("log"));
    try (ReplicationLog log = create(config)) {
      append(log);
    }
    volume.left.set(0);
    try (ReplicationLog log = ReplicationLog.open(config, reports, LogNeed.NOTHING, volume)) {
      assertFalse(log.canAppendIdentity());
      try (LogReader reader = log.reader(0)) {
        ByteBuf out = Unpooled.directBuffer();
        assertEquals(RECORD_BYTES, reader.read(out, 2 * RECORD_BYTES));
        out.release();
      }
      volume.left.set(Long.MAX_VALUE);
      Await.until("space again", () -> log.canAppend(RECORD_BYTES));
      append(log);
      assertEquals(2 * RECORD_BYTES, log.endOffset());
    }
  }

  @Test
  void shouldLetGoOfMoreWhenTheVolumeIsNearlyFull() throws Exception {
    LogConfig config =
        LogModel.smallConfig(dir.resolve("log"))
            .withRetention(0, 0)
            .withMinFree(8L << 20, 1L << 20);
    try (ReplicationLog log = create(config)) {
      while (log.sizeBytes() < 4L << 20) {
        Await.until("space", () -> log.canAppend(RECORD_BYTES));
        append(log);
      }
      log.sync();
      log.trim(log.endOffset(), 1);
      assertEquals(0, log.startOffset(), "there is space enough");

      volume.left.set(7L << 20);
      Await.until("measured", () -> log.usableBytes() <= 7L << 20 || measure(log));
      log.trim(log.endOffset() / 4, 1);
      assertTrue(log.startOffset() > 0);
      assertTrue(log.startOffset() <= log.endOffset() / 4, "what is needed stays");

      volume.left.set(0);
      Await.until("measured", () -> log.usableBytes() < 1L << 20 || measure(log));
      log.trim(log.endOffset(), 1);
      assertTrue(log.sizeBytes() >= 1L << 20, "the least stays: " + log.sizeBytes());
      assertTrue(log.sizeBytes() < 2L << 20, "and not much more: " + log.sizeBytes());
    }
  }

  @Test
  void shouldTellWhoseNeedIsInTheWayOfFreeSpace() throws Exception {
    LogConfig config =
        LogModel.smallConfig(dir.resolve("log"))
            .withRetention(0, 0)
            .withMinFree(8L << 20, 1L << 20);
    volume.pinned = true;
    try (ReplicationLog log = create(config)) {
      while (log.sizeBytes() < 4L << 20) {
        Await.until("space", () -> log.canAppend(RECORD_BYTES));
        append(log);
      }
      log.sync();
      long end = log.endOffset();
      assertEquals(0, log.crowdedBelow(end), "there is space enough");

      volume.left.set(config.lowFreeBytes() - 1);
      Await.until("measured", () -> log.usableBytes() < config.lowFreeBytes() || measure(log));
      long first = log.crowdedBelow(end);
      assertTrue(first > 0 && first < end, "one segment: " + first);
      assertEquals(0, log.crowdedBelow(first - 1), "nothing may go");
      log.trim(first - 1, 1);
      assertEquals(0, log.startOffset());
      log.trim(first, 1);
      assertEquals(first, log.startOffset());
      assertEquals(first, log.crowdedBelow(end), "that suffices, though it may not be done yet");

      volume.left.set(0);
      Await.until("measured", () -> log.usableBytes() == 0 || measure(log));
      long most = log.crowdedBelow(end);
      log.trim(most, 1);
      assertEquals(most, log.startOffset());
      assertTrue(log.sizeBytes() >= 1L << 20, "the least stays: " + log.sizeBytes());
      assertTrue(log.sizeBytes() < 2L << 20, "and not much more: " + log.sizeBytes());
    }
  }

  private static boolean measure(ReplicationLog log) {
    log.trim(0, 1);
    return false;
  }
}
