package org.chronolith.replicationlog.chronicle;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The space of the volume that holds the log. Tests put one in its place that has less. Thread:
 * log-prepare, and the one that opens the log.
 */
public interface Volume {
  /** The real one. */
  Volume REAL =
      new Volume() {
        @Override
        public void reserve(Path file, long from, long to) throws IOException {
          Space.reserve(file, from, to);
        }

        @Override
        public long usableBytes(Path directory) {
          return directory.toFile().getUsableSpace();
        }
      };

  /**
   * Reserves disk blocks for {@code [from, to)} of a file and makes it at least {@code to} long.
   *
   * @throws IOException if they cannot be had; some of them may be reserved all the same
   */
  void reserve(Path file, long from, long to) throws IOException;

  /**
   * Whether something failed for want of space, on the volume or within a quota, and not since the
   * disk is broken. The system's own words tell, as exceptions of the JDK carry no number.
   */
  static boolean isFull(Throwable cause) {
    return Space.isLacking(cause);
  }

  /** Bytes that may still be written on the volume of {@code directory}; 0 if that is not known. */
  long usableBytes(Path directory);
}
