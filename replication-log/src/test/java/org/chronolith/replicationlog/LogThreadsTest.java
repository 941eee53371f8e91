package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log's threads when something is thrown in them that no disk throws. */
class LogThreadsTest {
  private static final int RECORD_BYTES = 8 * 1024;

  @TempDir Path dir;
  private final Disk disk = new Disk();
  private final List<String> warnings = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final ByteBuf bytes = Unpooled.directBuffer().writeZero(RECORD_BYTES);

  private final LogListener listener =
      new LogListener() {
        @Override
        public void syncFailed(Throwable cause) {
          failures.add(cause);
        }

        @Override
        public void warning(String message, Throwable cause) {
          warnings.add(message + ": " + cause.getMessage());
        }
      };

  /** Throws what it is told to. */
  private static final class Disk implements LogDisk {
    volatile Error atForce;
    volatile RuntimeException atDelete;
    volatile RuntimeException atMeasure;

    @Override
    public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
      if (atForce != null && QueueFile.isOne(file) && !metadata) {
        throw atForce;
      }
      LogDisk.super.force(channel, file, metadata);
    }

    @Override
    public void delete(Path directory) throws IOException {
      if (atDelete != null) {
        throw atDelete;
      }
      LogDisk.super.delete(directory);
    }

    @Override
    public long usableBytes(Path directory) {
      if (atMeasure != null) {
        throw atMeasure;
      }
      return LogDisk.super.usableBytes(directory);
    }
  }

  private ReplicationLog create() {
    LogConfig config = LogModel.smallConfig(dir.resolve("log")).withRetention(1, 0);
    return ReplicationLog.create(config, listener, 0, History.fresh(), 0, disk);
  }

  private void append(ReplicationLog log) {
    Await.until("space", () -> log.canAppend(RECORD_BYTES));
    log.append(bytes, 0, RECORD_BYTES, 0, 1);
  }

  @AfterEach
  void release() {
    bytes.release();
  }

  @Test
  void shouldFailForGoodWhenTheThreadThatForcesMeetsAnError() {
    ReplicationLog log = create();
    append(log);
    log.sync();
    disk.atForce = new OutOfMemoryError("for the test");
    append(log);
    LogException first = assertThrows(LogException.class, log::sync);
    assertSame(disk.atForce, first.getCause());
    assertSame(disk.atForce, log.failure());
    // Who waits for the force is woken before the listener is told.
    Await.until("it is told", () -> !failures.isEmpty());
    assertEquals(List.of(disk.atForce), failures);
    disk.atForce = null;
    assertFalse(log.canAppend(1));
    assertThrows(LogException.class, log::sync);
    assertEquals(RECORD_BYTES, log.durableOffset());
    assertThrows(LogException.class, log::close);
  }

  @Test
  void shouldNotSayThatAllIsOnDiskWhenNobodyForcesAnyMore() {
    ReplicationLog log = create();
    append(log);
    log.close();
    assertNull(log.failure());
    LogException refused = assertThrows(LogException.class, log::sync);
    assertTrue(refused.getMessage().contains("log-sync has ended"), refused.getMessage());
  }

  @Test
  void shouldGoOnReservingSpaceWhenOldSegmentsCannotBeRemoved() {
    try (ReplicationLog log = create()) {
      disk.atDelete = new IllegalStateException("for the test");
      Await.until(
          "a segment that cannot be removed",
          () -> {
            append(log);
            log.sync();
            log.trim(log.endOffset(), 2);
            return !warnings.isEmpty();
          });
      assertTrue(warnings.get(0).matches("cannot remove .*: for the test"), warnings::toString);
      for (int i = 0; i < 200; i++) {
        append(log);
      }
      log.sync();
      assertNull(log.failure());
      disk.atDelete = null;
    }
  }

  @Test
  void shouldFailInsteadOfLettingWritersWaitWhenTheThreadThatReservesEnds() {
    ReplicationLog log = create();
    disk.atMeasure = new IllegalStateException("for the test");
    log.trim(0, 1);
    Await.until("it is told", () -> !failures.isEmpty());
    assertSame(disk.atMeasure, log.failure());
    assertFalse(log.canAppend(1));
    LogException refused = assertThrows(LogException.class, log::close);
    assertTrue(refused.getMessage().contains("for the test"), refused.getMessage());
  }
}
