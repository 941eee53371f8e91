package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/**
 * Walks the records of one segment's file, whole and verified, through one buffer. It knows nothing
 * of commits and offsets: those rules are its callers'.
 */
final class RecordCursor implements AutoCloseable {
  /** What {@link #next} found. */
  enum Step {
    RECORD,
    /** Nothing was written at {@link #position()}, or the limit is reached. */
    END,
    /** What is at {@link #position()} is not valid; see {@link #problem()}. */
    DAMAGED
  }

  static final int WINDOW_BYTES = 256 * 1024;

  private final CRC32C checksum = new CRC32C();
  private final int maxDocumentBytes;
  private FileChannel channel;
  private ByteBuf window;
  private long windowStart;
  private int windowLength;
  private long position;
  private long documentPosition;
  private int payloadIndex;
  private String problem;

  /** Length of the refused document's content, or -1 if its framing cannot be trusted. */
  private int damagedLength;

  private boolean unfinished;

  RecordCursor(int maxRecordBytes) {
    this.maxDocumentBytes = maxDocumentBytes(maxRecordBytes);
  }

  static int maxDocumentBytes(int maxRecordBytes) {
    return RecordHeader.BYTES + Math.max(maxRecordBytes, 8 + History.MAX_ENCODED_BYTES);
  }

  static String beyondTheLargest(int length) {
    return "length " + length + " is beyond the largest record";
  }

  /** Starts, or goes on, at {@code newPosition}, the start of a document. */
  void reset(FileChannel newChannel, long newPosition) {
    if (channel != newChannel) {
      windowLength = 0;
      channel = newChannel;
    }
    position = newPosition;
  }

  /** File position behind the last record, or of what {@link #next} refused. */
  long position() {
    return position;
  }

  /** File position where the last record starts. */
  long documentPosition() {
    return documentPosition;
  }

  /** The buffer that holds the last record's payload, until the next call. */
  ByteBuf window() {
    return window;
  }

  int payloadIndex() {
    return payloadIndex;
  }

  String problem() {
    return problem;
  }

  /**
   * Reads the record at {@link #position()} into {@code header}, skipping what is the queue's own
   * and the preamble.
   *
   * @param limit file position where to stop
   */
  Step next(RecordHeader header, long limit) throws IOException {
    while (position < limit) {
      int index = fetch(QueueFile.HEADER_BYTES, limit);
      if (index < 0) {
        return Step.END;
      }
      int word = window.getIntLE(index);
      if (QueueFile.isEnd(word)) {
        return Step.END;
      }
      int length = QueueFile.length(word);
      if (QueueFile.isIncomplete(word)) {
        return unfinished("a record was not finished");
      }
      if (QueueFile.isQueueOwn(word)) {
        position = QueueFile.next(position, length);
        continue;
      }
      if (length > maxDocumentBytes) {
        return damaged(beyondTheLargest(length));
      }
      index = fetch(QueueFile.HEADER_BYTES + length, limit);
      if (index < 0) {
        return unfinished("the file ends within a record of " + length + " bytes");
      }
      int start = index + QueueFile.HEADER_BYTES;
      if (isPreamble(start, length)) {
        position = QueueFile.next(position, length);
        continue;
      }
      return record(header, start, length);
    }
    return Step.END;
  }

  /** Forgets what was read ahead: the file may have been written to meanwhile. */
  void forget() {
    windowLength = 0;
  }

  /**
   * After {@link Step#DAMAGED}: moves behind the refused record if its framing is whole, so that
   * what follows can be looked at. It is not known then which offset that has.
   *
   * @return false if there is no telling where the next record starts
   */
  boolean skipDamaged() {
    if (damagedLength < 0) {
      return false;
    }
    position = QueueFile.next(position, damagedLength);
    return true;
  }

  private Step record(RecordHeader header, int start, int length) {
    String wrong = header.read(window, start, length);
    if (wrong != null) {
      return damaged(wrong, length);
    }
    if (!header.isSound(checksum, window, start)) {
      return damaged("checksum of a record of " + length + " bytes is wrong", length);
    }
    payloadIndex = start + RecordHeader.BYTES;
    documentPosition = position;
    position = QueueFile.next(position, length);
    return Step.RECORD;
  }

  private boolean isPreamble(int start, int length) {
    return length == Long.BYTES && window.getLong(start) == SegmentAppender.PREAMBLE;
  }

  /** Whether the record at {@link #position()} may be one that is being written. */
  boolean isUnfinished() {
    return unfinished;
  }

  private Step unfinished(String what) {
    damaged(what, -1);
    unfinished = true;
    return Step.DAMAGED;
  }

  private Step damaged(String what) {
    return damaged(what, -1);
  }

  private Step damaged(String what, int length) {
    problem = what;
    damagedLength = length;
    unfinished = false;
    return Step.DAMAGED;
  }

  /** Index in the window of the {@code length} bytes at {@link #position}, or -1 at the end. */
  private int fetch(int length, long limit) throws IOException {
    if (position >= windowStart && position + length <= windowStart + windowLength) {
      return (int) (position - windowStart);
    }
    int wanted = Math.max(length, WINDOW_BYTES);
    if (window == null || window.capacity() < wanted) {
      if (window != null) {
        window.release();
      }
      window = ByteBufAllocator.DEFAULT.directBuffer(wanted, wanted);
    }
    int most = (int) Math.min(wanted, Math.max(length, limit - position));
    windowStart = position;
    windowLength = 0;
    while (windowLength < most) {
      int got =
          window.setBytes(windowLength, channel, windowStart + windowLength, most - windowLength);
      if (got <= 0) {
        break;
      }
      windowLength += got;
    }
    return windowLength >= length ? 0 : -1;
  }

  @Override
  public void close() {
    if (window != null) {
      window.release();
      window = null;
      windowLength = 0;
    }
  }
}
