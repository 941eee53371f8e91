package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/**
 * Finds a record behind bytes that make no sense, by its magic and its checksum. Documents start at
 * multiples of four. Only for what is older than anything that must be recovered, and for the
 * queue's own documents in front of the first record: what a client stored could look like a
 * record.
 */
final class RecordSearch {
  private static final int STEP_BYTES = 4;

  /** Framing, magic and version, or framing and preamble. */
  private static final int LOOK_BYTES = QueueFile.HEADER_BYTES + Long.BYTES;

  private static final int BUFFER_BYTES = 64 * 1024;

  /** Whether what was found at a place will do. */
  interface Wanted {
    boolean test(RecordHeader header);
  }

  private final FileChannel channel;
  private final RecordCursor cursor;
  private final RecordHeader header;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);

  RecordSearch(FileChannel channel, RecordCursor cursor, RecordHeader header) {
    this.channel = channel;
    this.cursor = cursor;
    this.header = header;
  }

  /** Position of the first preamble in {@code [from, to)}, or -1. */
  long preamble(long from, long to) throws IOException {
    for (long at = from; at < to; ) {
      int got = fill(at);
      for (int i = 0; i + LOOK_BYTES <= got && at + i < to; i += STEP_BYTES) {
        boolean framed = Integer.reverseBytes(buffer.getInt(i)) == Long.BYTES;
        if (framed && buffer.getLong(i + QueueFile.HEADER_BYTES) == SegmentAppender.PREAMBLE) {
          return at + i;
        }
      }
      at = next(at, got, to);
    }
    return -1;
  }

  /**
   * Reads the first sound record in {@code [from, to)} that is wanted into the header, and leaves
   * the cursor behind it.
   */
  boolean record(long from, long to, Wanted wanted) throws IOException {
    long size = channel.size();
    for (long at = from; at < to; ) {
      int got = fill(at);
      for (int i = 0; i + LOOK_BYTES <= got && at + i < to; i += STEP_BYTES) {
        if (looksLikeRecord(i) && isRecord(at + i, size) && wanted.test(header)) {
          return true;
        }
      }
      at = next(at, got, to);
    }
    return false;
  }

  private boolean looksLikeRecord(int index) {
    return buffer.getShort(index + QueueFile.HEADER_BYTES) == RecordHeader.MAGIC
        && buffer.get(index + QueueFile.HEADER_BYTES + 2) == RecordHeader.VERSION;
  }

  private boolean isRecord(long position, long size) throws IOException {
    cursor.reset(channel, position);
    return cursor.next(header, size) == RecordCursor.Step.RECORD
        && cursor.documentPosition() == position;
  }

  /** The next place to fill the buffer from; the last few bytes are looked at again. */
  private static long next(long at, int got, long to) {
    return got < BUFFER_BYTES ? to : at + got - LOOK_BYTES;
  }

  private int fill(long at) throws IOException {
    buffer.clear();
    int got = 0;
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, at + got);
      if (read <= 0) {
        break;
      }
      got += read;
    }
    return got;
  }
}
