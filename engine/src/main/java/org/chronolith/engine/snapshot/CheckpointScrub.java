package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.chronolith.engine.EngineException;

/**
 * Reads the files of a checkpoint slowly, so that the disk is there for others. Thread: one of its
 * own.
 */
final class CheckpointScrub {
  private static final int READ_BYTES = 256 << 10;
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final long bytesPerSecond;
  private final BooleanSupplier stopped;
  private final ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
  private final long startedNanos = System.nanoTime();
  private long readBytes;

  /**
   * @param bytesPerSecond 0 for no limit
   */
  CheckpointScrub(long bytesPerSecond, BooleanSupplier stopped) {
    this.bytesPerSecond = bytesPerSecond;
    this.stopped = stopped;
  }

  long readBytes() {
    return readBytes;
  }

  /**
   * What is wrong with a file, which it names; empty as well once it is stopped.
   *
   * @throws EngineException RETRYABLE if that cannot be told now
   */
  Optional<String> problem(Path directory, CheckpointFile file) {
    Path path = directory.resolve(file.name());
    CRC32C crc = new CRC32C();
    long bytes = 0;
    try (FileChannel channel = FileChannel.open(path)) {
      for (int read; (read = channel.read(buffer.clear())) >= 0; ) {
        crc.update(buffer.flip());
        bytes += read;
        readBytes += read;
        rest();
        if (stopped.getAsBoolean()) {
          return Optional.empty();
        }
      }
    } catch (IOException e) {
      if (!CheckpointFiles.isDamage(e)) {
        throw new EngineException(
            EngineException.Severity.RETRYABLE, path + ": cannot be opened: " + e, e);
      }
      return Optional.of(path + ": cannot be read: " + e);
    }
    return CheckpointFiles.problem(path, file, bytes, (int) crc.getValue());
  }

  private void rest() {
    if (bytesPerSecond == 0) {
      return;
    }
    long until = startedNanos + (long) (readBytes * NANOS_PER_SECOND / bytesPerSecond);
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      if (stopped.getAsBoolean()) {
        return;
      }
      LockSupport.parkNanos(this, Math.min(left, LONGEST_REST_NANOS));
    }
  }
}
