package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process at a time writes to a data directory. The lock is the system's, so that it ends with
 * the process, however that ends; the pid in the file is for the message alone.
 */
final class DirectoryLock implements AutoCloseable {
  static final String NAME = "LOCK";

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws RecoveryException naming the process that holds it
   */
  static DirectoryLock take(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!locked(channel)) {
        throw new RecoveryException(
            "data directory "
                + directory
                + " is in use by process "
                + Files.readString(file, StandardCharsets.US_ASCII).strip());
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

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // This very process has it.
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
