package org.chronolith.replicationlog.chronicle;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How a Chronicle Queue file frames its documents: from position 0, each document is a
 * little-endian 32-bit header, the content, and zero bytes up to the next multiple of four. In the
 * header, the low 30 bits are the content's length, bit 30 marks a document of the queue itself
 * (its index), and bit 31 one that is not complete. A header of zero is the end of what was
 * written.
 */
public final class QueueFile {
  /** Bytes of the header in front of each document. */
  public static final int HEADER_BYTES = 4;

  private static final int INCOMPLETE = 1 << 31;
  private static final int QUEUE_OWN = 1 << 30;
  private static final int LENGTH_MASK = QUEUE_OWN - 1;

  /** How the queue names the file of the cycle at which its clock stands still. */
  private static final String FIRST_CYCLE = "19700101L";

  private static final String SUFFIX = ".cq4";

  private QueueFile() {}

  /** True if nothing was written at this position. */
  public static boolean isEnd(int header) {
    return header == 0;
  }

  /** True if the writer did not finish this document. */
  public static boolean isIncomplete(int header) {
    return (header & INCOMPLETE) != 0;
  }

  /** True if this document belongs to the queue itself and is to be skipped. */
  public static boolean isQueueOwn(int header) {
    return (header & QUEUE_OWN) != 0;
  }

  /** Length of the content in bytes. */
  public static int length(int header) {
    return header & LENGTH_MASK;
  }

  /** Position of the document that follows one at {@code position} with {@code length} bytes. */
  public static long next(long position, int length) {
    return position + HEADER_BYTES + length + padding(length);
  }

  /** Zero bytes behind a content of {@code length} bytes. */
  public static int padding(int length) {
    return -length & 3;
  }

  /** Whether the file's name is that of a queue file. */
  public static boolean isOne(Path file) {
    return file.getFileName().toString().endsWith(SUFFIX);
  }

  /** The queue file in a segment's directory, or null if there is none. */
  public static Path find(Path segmentDir) throws IOException {
    Path usual = segmentDir.resolve(FIRST_CYCLE + SUFFIX);
    if (Files.exists(usual)) {
      return usual;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(segmentDir, "*" + SUFFIX)) {
      for (Path file : files) {
        return file;
      }
    }
    return null;
  }
}
