package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Logs whose disk refuses to reserve space, or fails a force, again and again while they are
 * written to: thousands of times, in a bounded time. What was acknowledged as durable is there
 * after each failure, and a log goes on by itself once there is space, or once it is opened again
 * where a force has failed.
 */
@Tag("slow")
class FailingDiskIT {
  /** It ends when there were so many, and fails if there were not within {@link #MOST_MS}. */
  private static final int CYCLES = 2_000;

  private static final long MOST_MS = 300_000;
  private static final int LOGS = 12;

  /** How soon a refused log asks again: else a cycle would be a wait for the next time. */
  private static final long SPACE_RETRY_MS = 5;

  /** A cycle uses up the headroom; to make a segment takes the most time of all. */
  private static final int HEADROOM_BYTES = 128 * 1024;

  private static final int RESERVE_BYTES = 64 * 1024;
  private static final int SEGMENT_BYTES = 256 * 1024;

  /**
   * So many of the logs wait for the real disk at each force, ask for space as seldom as in
   * production and have several segments in a headroom. The others do not wait: no power is cut, so
   * nobody would know the difference.
   */
  private static final int LOGS_AS_IN_PRODUCTION = 3;

  private static final int FORCE_FAILURE_EVERY = 8;
  private static final int MOST_RECORD_BYTES = 20 * 1024;
  private static final int MOST_APPENDS = 200;
  private static final long RETENTION_BYTES = 512 * 1024;
  private static final String FORCE_ERROR = "Input/output error";

  /** What follows from the offset repeats itself. */
  private static final int PATTERN_BYTES = 2048;

  @TempDir Path dir;
  private final long seed = System.nanoTime();
  private final AtomicInteger cycles = new AtomicInteger();
  private final AtomicInteger failedForces = new AtomicInteger();

  /** Fails what it is told to. */
  private static final class Disk implements LogDisk {
    private volatile boolean full;
    private volatile boolean failing;
    private final boolean waits;

    Disk(boolean waits) {
      this.waits = waits;
    }

    @Override
    public void reserve(Path file, long from, long to) throws IOException {
      if (full) {
        throw new FileSystemException(file.toString(), null, "No space left on device");
      }
      LogDisk.super.reserve(file, from, to);
    }

    @Override
    public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
      if (failing && file.toString().endsWith(".cq4")) {
        throw new IOException(FORCE_ERROR);
      }
      if (waits) {
        LogDisk.super.force(channel, file, metadata);
      }
    }
  }

  /** One log, its disk and what it must hold: each byte follows from its offset. */
  private final class Life {
    private final LogConfig config;
    private final Random random;
    private final Disk disk;

    /** The bytes that belong to an offset begin at its remainder by the pattern. */
    private final ByteBuf pattern =
        ByteBufAllocator.DEFAULT.directBuffer(PATTERN_BYTES + MOST_RECORD_BYTES);

    private final AtomicInteger refusals = new AtomicInteger();
    private final LogListener listener =
        new LogListener() {
          @Override
          public void spaceRefused(String reason) {
            refusals.incrementAndGet();
          }
        };
    private ReplicationLog log;
    private long acknowledged;

    Life(int number) {
      boolean asInProduction = number < LOGS_AS_IN_PRODUCTION;
      LogConfig small =
          LogModel.smallConfig(dir.resolve("log" + number)).withRetention(RETENTION_BYTES, 0);
      config =
          asInProduction
              ? small
              : small
                  .withSegmentBytes(SEGMENT_BYTES)
                  .withHeadroom(HEADROOM_BYTES, RESERVE_BYTES, RESERVE_BYTES)
                  .withSpaceRetry(SPACE_RETRY_MS);
      disk = new Disk(asInProduction);
      for (int i = 0; i < pattern.capacity(); i++) {
        pattern.writeByte(valueAt(i));
      }
      random = new Random(seed + number);
      log = ReplicationLog.create(config, listener, 0, History.fresh(), 0, disk);
    }

    void run(long endNanos) {
      try {
        while (System.nanoTime() < endNanos && cycles.incrementAndGet() <= CYCLES) {
          log.adopt();
          if (random.nextInt(FORCE_FAILURE_EVERY) == 0) {
            failAForce();
          } else {
            refuseSpace();
          }
        }
        log.adopt();
        log.close();
        check(ReplicationLog.open(config, listener, LogNeed.EVERYTHING, disk));
      } finally {
        log.close();
        pattern.release();
      }
    }

    private void refuseSpace() {
      disk.full = true;
      int before = refusals.get();
      int length = 1 + random.nextInt(MOST_RECORD_BYTES);
      while (append(length)) {
        length = 1 + random.nextInt(MOST_RECORD_BYTES);
      }
      int refused = length;
      Await.until("a refusal", () -> refusals.get() > before || log.canAppend(refused));
      acknowledge();
      disk.full = false;
      Await.until("space again", () -> log.canAppend(refused));
      assertTrue(append(refused));
      log.trim(log.endOffset(), 0);
    }

    private void failAForce() {
      for (int i = random.nextInt(MOST_APPENDS); i > 0; i--) {
        append(1 + random.nextInt(MOST_RECORD_BYTES));
      }
      acknowledge();
      // First: a new segment is forced, too, before it counts as reserved.
      Await.until("space", () -> log.canAppend(MOST_RECORD_BYTES));
      disk.failing = true;
      append(MOST_RECORD_BYTES);
      LogException failed = assertThrows(LogException.class, log::sync);
      assertTrue(failed.getMessage().contains(FORCE_ERROR), failed.getMessage());
      assertEquals(acknowledged, log.durableOffset());
      disk.failing = false;
      // It is final: no later force makes good for it.
      assertFalse(log.canAppend(1));
      assertThrows(LogException.class, log::sync);
      assertEquals(acknowledged, log.durableOffset());
      assertThrows(LogException.class, log::close);
      failedForces.incrementAndGet();
      check(ReplicationLog.open(config, listener, LogNeed.EVERYTHING, disk));
      log.appendIdentity(log.history().newId(log.endOffset()), 0, 0);
    }

    private boolean append(int length) {
      if (!log.canAppend(length)) {
        return false;
      }
      log.append(pattern, (int) (log.endOffset() % PATTERN_BYTES), length, 0, 0);
      return true;
    }

    private void acknowledge() {
      log.sync();
      assertEquals(log.endOffset(), log.durableOffset());
      acknowledged = log.endOffset();
    }

    private void check(ReplicationLog opened) {
      log = opened;
      assertTrue(
          log.endOffset() >= acknowledged,
          () -> "the log ends at " + log.endOffset() + ", acknowledged was " + acknowledged);
      ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer();
      try (LogReader reader = log.reader(log.startOffset())) {
        long offset = log.startOffset();
        while (reader.read(out.clear(), MOST_RECORD_BYTES) > 0) {
          long from = offset;
          int length = out.readableBytes();
          ByteBuf expected = pattern.slice((int) (from % PATTERN_BYTES), length);
          assertEquals(expected, out, () -> "from offset " + from);
          offset += length;
        }
        assertEquals(log.endOffset(), offset);
      } finally {
        out.release();
      }
    }

    private static byte valueAt(long offset) {
      return (byte) (offset * 31 >> 3);
    }
  }

  @Test
  void shouldLoseNothingAcknowledgedThroughThousandsOfFailures() throws Exception {
    long startNanos = System.nanoTime();
    long endNanos = startNanos + TimeUnit.MILLISECONDS.toNanos(MOST_MS);
    ExecutorService owners = Executors.newFixedThreadPool(LOGS);
    try {
      List<Future<?>> lives = new ArrayList<>();
      for (int i = 0; i < LOGS; i++) {
        int number = i;
        lives.add(owners.submit(() -> new Life(number).run(endNanos)));
      }
      for (Future<?> life : lives) {
        life.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError("seed " + seed + ": " + e.getCause(), e.getCause());
    } finally {
      owners.shutdown();
      assertTrue(owners.awaitTermination(1, TimeUnit.MINUTES), "they end");
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
    String done =
        Math.min(cycles.get(), CYCLES)
            + " failures in "
            + seconds
            + " s, "
            + failedForces
            + " of them of a force";
    System.out.println("failing disk: " + done);
    assertTrue(cycles.get() >= CYCLES && failedForces.get() > 0, done);
  }
}
