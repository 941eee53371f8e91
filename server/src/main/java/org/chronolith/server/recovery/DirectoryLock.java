package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process at a time writes to a data directory. The lock is the system's, so that it ends with
 * the process, however that ends; the pid in the file is for the message alone.
 */
final class DirectoryLock implements AutoCloseable {
  static final String NAME = "LOCK";

  private static final int MOST_FILES = 100;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits a moment for a tool that only asks who holds it: that, too, holds it, though shared.
   *
   * @throws RecoveryException naming the process that holds it
   */
  static DirectoryLock take(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    long begunNanos = System.nanoTime();
    for (int i = 0; i < MOST_FILES; i++) {
      DirectoryLock taken = tryTake(directory, file, begunNanos);
      if (taken != null) {
        return taken;
      }
    }
    throw new RecoveryException(file + " is removed again and again");
  }

  /** Null if the file was removed before it was locked: whoever comes next makes another one. */
  private static DirectoryLock tryTake(Path directory, Path file, long begunNanos)
      throws IOException {
    if (!Files.exists(file)) {
      try {
        Files.createFile(file);
      } catch (FileAlreadyExistsException e) {
        // Somebody else was faster, and may have it.
      }
    }
    Object key = key(file);
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      return null;
    }
    try {
      if (!locked(channel, begunNanos)) {
        throw new RecoveryException(
            "data directory "
                + directory
                + " is in use by process "
                + Files.readString(file, StandardCharsets.US_ASCII).strip());
      }
      if (key == null || !key.equals(key(file))) {
        channel.close();
        return null;
      }
      tellPid(channel, file);
      return new DirectoryLock(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * The process that holds the lock of {@code directory}, as the file names it; empty if none does.
   * Takes and changes nothing.
   */
  static Optional<String> holder(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        FileLock shared = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return shared == null
          ? Optional.of(Files.readString(file, StandardCharsets.US_ASCII).strip())
          : Optional.empty();
    } catch (OverlappingFileLockException e) {
      return Optional.of(Long.toString(ProcessHandle.current().pid()));
    }
  }

  private static void tellPid(FileChannel channel, Path file) {
    byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    try {
      // In place first: on a full disk, the bytes that are there can be written again.
      channel.write(ByteBuffer.wrap(pid), 0);
      channel.truncate(pid.length);
    } catch (IOException e) {
      LOG.warn(
          "Cannot write the pid into {}, which is locked all the same: {}", file, e.toString());
    }
  }

  /** What tells the file of that name from another one that had it; null if there is none. */
  private static Object key(Path file) throws IOException {
    try {
      Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
      return key == null ? file : key;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static boolean locked(FileChannel channel, long begunNanos) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      while (lock == null && System.nanoTime() - begunNanos < PATIENCE_NANOS) {
        LockSupport.parkNanos(POLL_NANOS);
        lock = channel.tryLock();
      }
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // This very process has it.
      return false;
    }
  }

  /**
   * Removes the file, for a directory in which nothing is left. Whoever has opened it already, and
   * waits for the lock, sees that it is gone. REQUIRES: before {@link #close}.
   */
  void remove(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(NAME));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
