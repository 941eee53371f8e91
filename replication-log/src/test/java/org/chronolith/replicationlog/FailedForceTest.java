package org.chronolith.replicationlog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Starts after a force that has failed, while the page cache still holds what is not on disk; and
 * then the power fails.
 */
class FailedForceTest {
  private static final int RECORD_BYTES = 3_000;

  @TempDir Path dir;
  private Path logDir;
  private LogConfig config;
  private ForgetfulDisk disk;
  private byte[] stream = new byte[0];
  private final Random random = new Random(42);
  private final AtomicLong rewritten = new AtomicLong();

  @BeforeEach
  void makeDirectory() {
    logDir = dir.resolve("log");
    config = LogModel.smallConfig(logDir);
    disk = new ForgetfulDisk(logDir);
  }

  private void append(ReplicationLog log, int records) {
    for (int i = 0; i < records; i++) {
      byte[] added = new byte[RECORD_BYTES];
      random.nextBytes(added);
      stream = Arrays.copyOf(stream, stream.length + RECORD_BYTES);
      System.arraycopy(added, 0, stream, stream.length - RECORD_BYTES, RECORD_BYTES);
      Await.until("space", () -> log.canAppend(RECORD_BYTES));
      ByteBuf bytes = Unpooled.wrappedBuffer(added);
      log.append(bytes, 0, RECORD_BYTES, 0, 1);
    }
  }

  /**
   * A log whose last records were to be forced, in vain.
   *
   * @param segments there are at least then, the one that is prepared included
   */
  private void leaveUnforced(int before, int unforced, int forcesBefore, int segments)
      throws IOException {
    ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0, disk);
    append(log, before);
    log.sync();
    disk.failAForceOfRecords(forcesBefore);
    append(log, unforced);
    while (segments() < segments) {
      append(log, 1);
    }
    assertThrows(LogException.class, log::sync);
    assertThrows(LogException.class, log::close);
  }

  private int segments() throws IOException {
    return SegmentFiles.list(logDir).size();
  }

  private ReplicationLog open(LogDisk on) {
    return ReplicationLog.open(config, LogListener.none(), LogNeed.EVERYTHING, on);
  }

  /** Goes on, has it all forced, and loses whatever is not on disk. */
  private void checkAfterPowerLoss() throws IOException {
    Path image = dir.resolve("image").resolve("log");
    try (ReplicationLog log = open(disk)) {
      assertEquals(stream.length, log.endOffset(), "the page cache has it all");
      assertEquals(stream.length, log.durableOffset());
      log.appendIdentity(log.history().newId(log.endOffset()), 0, 1);
      append(log, 5);
      log.sync();
      assertEquals(stream.length, log.durableOffset());
      disk.crashInto(image, random, true);
    }
    config = LogModel.smallConfig(image);
    try (ReplicationLog log = open(LogDisk.SYSTEM)) {
      assertEquals(stream.length, log.endOffset(), log.recovery().toString());
      assertEquals(List.of(), log.recovery().damage());
      assertArrayEquals(stream, LogModel.read(log, 0, 10_000));
    }
  }

  @Test
  void shouldBringToTheDiskWhatAFailedForceHasLeftInThePageCache() throws IOException {
    leaveUnforced(10, 7, 0, 1);
    checkAfterPowerLoss();
  }

  @Test
  void shouldBringASegmentToTheDiskWhoseFirstForceHasFailed() throws IOException {
    // A third one is made when the second is begun; the force of the first does not fail.
    leaveUnforced(10, 7, 1, 3);
    checkAfterPowerLoss();
  }

  @Test
  void shouldBringAllToTheDiskWhereNothingSaysHowFarItWas() throws IOException {
    leaveUnforced(10, 7, 0, 1);
    Files.delete(logDir.resolve(ForcedEnd.NAME));
    checkAfterPowerLoss();
  }

  @Test
  void shouldBringAMarkerOfACleanCloseToTheDiskWhoseForceHasFailed() throws IOException {
    ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0, disk);
    append(log, 10);
    log.sync();
    disk.failAForceOfRecords(0);
    append(log, 3);
    log.markClean(0, 1);
    assertThrows(LogException.class, log::close);

    Path image = dir.resolve("image").resolve("log");
    try (ReplicationLog again = open(disk)) {
      assertTrue(again.wasClean());
      disk.crashInto(image, random, true);
    }
    config = LogModel.smallConfig(image);
    try (ReplicationLog afterPowerLoss = open(LogDisk.SYSTEM)) {
      assertTrue(afterPowerLoss.wasClean(), afterPowerLoss.recovery().toString());
      assertArrayEquals(stream, LogModel.read(afterPowerLoss, 0, 10_000));
    }
  }

  /** Counts what is written to segments, and fails it if told to. */
  private final class CountingDisk implements LogDisk {
    boolean fails;

    @Override
    public void write(FileChannel channel, Path file, ByteBuffer bytes, long position)
        throws IOException {
      if (QueueFile.isOne(file)) {
        if (fails) {
          throw new IOException("Input/output error");
        }
        rewritten.addAndGet(bytes.remaining());
      }
      LogDisk.super.write(channel, file, bytes, position);
    }
  }

  @Test
  void shouldWriteNothingAgainAfterACleanClose() {
    try (ReplicationLog log =
        ReplicationLog.create(config, LogListener.none(), 0, History.fresh(), 0)) {
      append(log, 100);
      log.markClean(0, 1);
    }
    try (ReplicationLog log = open(new CountingDisk())) {
      assertTrue(log.wasClean());
      assertEquals(0, rewritten.get());
    }
  }

  @Test
  void shouldWriteAgainNoMoreThanWhatWasNotForced() throws IOException {
    leaveUnforced(20, 7, 0, 1);
    try (ReplicationLog log = open(new CountingDisk())) {
      assertFalse(log.wasClean());
      long most = 7 * (RECORD_BYTES + 100) + 2 * 4096;
      assertTrue(rewritten.get() >= 7 * RECORD_BYTES, rewritten + " bytes");
      assertTrue(rewritten.get() <= most, rewritten + " bytes");
    }
  }

  @Test
  void shouldNameTheFileThatCannotBeWrittenAgain() throws IOException {
    leaveUnforced(10, 7, 0, 1);
    CountingDisk failing = new CountingDisk();
    failing.fails = true;
    LogException refused = assertThrows(LogException.class, () -> open(failing));
    assertEquals(LogException.Kind.IO, refused.kind());
    String message = refused.getMessage();
    assertTrue(message.contains(".cq4"), message);
    assertTrue(message.endsWith("cannot be brought to the disk: Input/output error"), message);
  }
}
