package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.chronolith.replicationlog.chronicle.Volume;

/**
 * What the log does to the disk, but for making segments in the space reserved for them and for the
 * mapped writes of the appender: a narrow seam, so that tests can count, fail and forget.
 * Production has {@link #SYSTEM} alone.
 *
 * <p>Threads: log-sync, log-prepare, and whoever opens or closes the log.
 */
public interface LogDisk extends Volume {
  /** The real disk. */
  LogDisk SYSTEM = new LogDisk() {};

  /**
   * Makes what was written to {@code file} durable.
   *
   * @param channel open on it, for writing
   * @param metadata whether its length and times as well
   */
  default void force(FileChannel channel, Path file, boolean metadata) throws IOException {
    channel.force(metadata);
  }

  /** Makes the entries of a directory durable. */
  default void forceDir(Path dir) throws IOException {
    SegmentFiles.forceDir(dir);
  }

  /** Writes all of {@code bytes}; not durable before a {@link #force}. */
  default void write(FileChannel channel, Path file, ByteBuffer bytes, long position)
      throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }

  @Override
  default void reserve(Path file, long from, long to) throws IOException {
    REAL.reserve(file, from, to);
  }

  @Override
  default long usableBytes(Path directory) {
    return REAL.usableBytes(directory);
  }

  /** Renames a directory or a file; durable after {@link #forceDir}. */
  default void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes a directory with all that is in it. */
  default void delete(Path dir) throws IOException {
    SegmentFiles.delete(dir);
  }
}
