package org.chronolith.replicationlog.chronicle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import net.openhft.posix.PosixAPI;

/**
 * Reserves disk blocks for a range of a file, so that a mapped write never meets a full disk (which
 * the JVM would report as a fault in unrelated code, if it survived it).
 */
final class Space {
  private static final int O_RDWR = 2;
  private static final int ENOSPC = 28;
  private static final int ENOSYS = 38;
  private static final int EOPNOTSUPP = 95;
  private static final int EDQUOT = 122;
  private static final int ZEROS_BYTES = 64 * 1024;

  /** ENOSPC and EDQUOT in the words of the process's locale, and in those of every other part. */
  private static final List<String> LACKING =
      List.of(
          PosixAPI.posix().strerror(ENOSPC),
          PosixAPI.posix().strerror(EDQUOT),
          "No space left on device",
          "Disk quota exceeded");

  private static final int MOST_CAUSES = 10;

  private Space() {}

  /** See {@link Volume#isFull}. */
  static boolean isLacking(Throwable failed) {
    Throwable cause = failed;
    for (int i = 0; cause != null && i < MOST_CAUSES; i++) {
      String message = cause.getMessage();
      if (message != null && LACKING.stream().anyMatch(message::contains)) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /**
   * Reserves {@code [from, to)} and makes the file at least {@code to} long.
   *
   * @throws IOException if there is no space
   */
  static void reserve(Path file, long from, long to) throws IOException {
    PosixAPI posix = PosixAPI.posix();
    int fd = posix.open(file.toString(), O_RDWR, 0);
    if (fd < 0) {
      throw new IOException("cannot open " + file + ": " + posix.lastErrorStr());
    }
    int error;
    String reason;
    try {
      if (posix.fallocate(fd, 0, from, to - from) == 0) {
        return;
      }
      error = posix.lastError();
      reason = posix.lastErrorStr();
    } finally {
      posix.close(fd);
    }
    if (error == EOPNOTSUPP || error == ENOSYS) {
      writeZeros(file, from, to);
      return;
    }
    throw new FileSystemException(
        file.toString(), null, "cannot reserve " + (to - from) + " bytes: " + reason);
  }

  /**
   * For file systems without fallocate. The file may be longer than {@code from} already, as
   * Chronicle makes it as long as the block that it maps, but there are no disk blocks behind what
   * was reserved.
   *
   * <p>REQUIRES: the range lies ahead of the appender, which stays in what was reserved before, and
   * holds nothing.
   */
  static void writeZeros(Path file, long from, long to) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer zeros = ByteBuffer.allocate(ZEROS_BYTES);
      for (long at = from; at < to; ) {
        zeros.clear().limit((int) Math.min(ZEROS_BYTES, to - at));
        at += channel.write(zeros, at);
      }
    }
  }
}
