package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32C;
import org.chronolith.replicationlog.chronicle.QueueFile;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/**
 * Reads segments. Files are read through a {@code FileChannel}, since a page fault in mapped memory
 * would stall the whole JVM at its next safepoint; what the appender wrote by mapping is seen at
 * once, since both share the page cache.
 */
final class SegmentReader implements LogReader {
  /** Least file bytes to read at once: more than any identity with its framing. */
  private static final int MIN_CHUNK_BYTES = 4096;

  private static final int FRAMED_HEADER_BYTES = QueueFile.HEADER_BYTES + RecordHeader.BYTES;

  private final LogState state;
  private final LogListener listener;
  private final RecordCursor cursor;
  private final int maxDocumentBytes;
  private final RecordHeader header = new RecordHeader();
  private final CRC32C checksum = new CRC32C();

  private Segment segment;
  private FileChannel channel;

  /** File position of the next unread byte: a document's start, or within a payload. */
  private long position;

  /** Stream offset at {@link #position}, before {@link #skip}. */
  private long recordOffset;

  /** Payload bytes of the current record that were not read yet; it has been verified. */
  private int remaining;

  /** Bytes from {@link #recordOffset} on that the caller does not want. */
  private int skip;

  private boolean closed;

  private SegmentReader(LogState state, LogConfig config, LogListener listener) {
    this.state = state;
    this.listener = listener;
    this.cursor = new RecordCursor(config.maxRecordBytes());
    this.maxDocumentBytes = RecordCursor.maxDocumentBytes(config.maxRecordBytes());
  }

  static SegmentReader open(LogState state, LogConfig config, LogListener listener, long offset) {
    SegmentReader reader = new SegmentReader(state, config, listener);
    try {
      reader.seek(config, offset);
      return reader;
    } catch (RuntimeException | Error e) {
      reader.close();
      throw e;
    } finally {
      reader.cursor.close();
    }
  }

  private void seek(LogConfig config, long offset) {
    long end = state.endOffset();
    Segment found = offset > end ? null : state.segmentFor(offset);
    if (found == null) {
      throw new LogException(
          LogException.Kind.OUT_OF_RANGE,
          "offset " + offset + " is outside of [" + state.startOffset() + ", " + end + "]");
    }
    enter(found);
    try {
      position = Math.max(segment.firstPosition, index(config).floorPosition(offset));
      cursor.reset(channel, position);
      while (true) {
        long limit = segment.committedPosition;
        RecordCursor.Step step = cursor.next(header, limit);
        if (step == RecordCursor.Step.DAMAGED) {
          throw damaged(cursor.position(), cursor.problem());
        }
        if (step == RecordCursor.Step.END) {
          position = cursor.position();
          recordOffset = offset;
          return;
        }
        if (header.endOffset() > offset) {
          position = cursor.documentPosition();
          recordOffset = header.startOffset;
          skip = (int) (offset - header.startOffset);
          return;
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The index of a segment of an earlier run is made when it is first asked for. */
  private OffsetIndex index(LogConfig config) throws IOException {
    OffsetIndex index = segment.index();
    if (index != null) {
      return index;
    }
    OffsetIndex built = new OffsetIndex(config.indexEveryBytes());
    cursor.reset(channel, segment.firstPosition);
    // Up to damage only: whoever reads further than that will meet it.
    while (cursor.next(header, segment.committedPosition) == RecordCursor.Step.RECORD) {
      built.add(header.startOffset, cursor.documentPosition());
    }
    segment.index(built);
    return built;
  }

  @Override
  public long offset() {
    return recordOffset + skip;
  }

  @Override
  public int read(ByteBuf dst, int maxBytes) {
    checkOpen();
    int total = 0;
    try {
      while (total == 0 && maxBytes > 0) {
        long limit = segment.committedPosition;
        boolean sealed = segment.sealed;
        if (sealed && recordOffset >= segment.endOffset) {
          if (!enterNext()) {
            break;
          }
        } else if (position < limit) {
          total = readChunk(dst, maxBytes, limit, sealed ? segment.endOffset : Long.MAX_VALUE);
        } else if (!sealed) {
          break;
        } else if (limit == segment.committedPosition) {
          throw damaged(position, "the segment ends before offset " + segment.endOffset);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return total;
  }

  private int readChunk(ByteBuf dst, int maxBytes, long limit, long endOffset) throws IOException {
    int begin = dst.writerIndex();
    int end = fetch(dst, begin, begin, Math.max(maxBytes, MIN_CHUNK_BYTES), limit);
    int from = begin;
    int to = begin;
    while (to - begin < maxBytes && recordOffset < endOffset) {
      if (remaining == 0) {
        int step = enterDocument(dst, from, end);
        if (step == 0 && from == begin) {
          // Longer than the chunk: its first bytes are given away when its last ones are verified.
          end = fetchDocument(dst, begin, end, limit);
          continue;
        }
        if (step == 0) {
          break;
        }
        from += step;
        position += step;
      } else {
        int take = Math.min(Math.min(remaining, end - from), maxBytes - (to - begin) + skip);
        if (take <= 0) {
          break;
        }
        to += takePayload(dst, from, take, to);
        int padding =
            remaining == 0 ? QueueFile.padding(header.payloadLength + RecordHeader.BYTES) : 0;
        from += take + padding;
        position += take + padding;
      }
    }
    dst.writerIndex(to);
    return to - begin;
  }

  /** Reads on until the document that begins the chunk is whole. */
  private int fetchDocument(ByteBuf dst, int begin, int end, long limit) throws IOException {
    if (end - begin >= QueueFile.HEADER_BYTES) {
      int bytes = QueueFile.HEADER_BYTES + QueueFile.length(dst.getIntLE(begin));
      int whole = fetch(dst, begin, end, bytes, limit);
      if (whole - begin >= bytes) {
        return whole;
      }
    }
    throw damaged(position, "a document of the queue is cut off");
  }

  /**
   * Reads the file from {@link #position} on into {@code dst} from {@code begin} on, where what
   * lies before {@code end} is there already, until there are {@code bytes} or the limit is
   * reached. Returns where they end.
   */
  private int fetch(ByteBuf dst, int begin, int end, int bytes, long limit) throws IOException {
    int wanted = (int) Math.min(bytes, limit - position);
    dst.ensureWritable(wanted);
    int filled = end;
    while (filled < begin + wanted) {
      int got = dst.setBytes(filled, channel, position + (filled - begin), begin + wanted - filled);
      if (got <= 0) {
        throw damaged(position, "the file is shorter than what was committed");
      }
      filled += got;
    }
    return filled;
  }

  /**
   * Reads and verifies the document at {@code from}. Returns the bytes to move on by: up to the
   * payload of a record with stream bytes, past anything else; 0 if it is not wholly there.
   */
  private int enterDocument(ByteBuf bytes, int from, int end) {
    if (end - from < QueueFile.HEADER_BYTES) {
      return 0;
    }
    int word = bytes.getIntLE(from);
    if (QueueFile.isEnd(word) || QueueFile.isIncomplete(word)) {
      throw damaged(position, "a record that was committed is missing");
    }
    int length = QueueFile.length(word);
    int whole = QueueFile.HEADER_BYTES + length + QueueFile.padding(length);
    if (QueueFile.isQueueOwn(word)) {
      return whole;
    }
    if (length > maxDocumentBytes) {
      throw damaged(position, RecordCursor.beyondTheLargest(length));
    }
    if (end - from < QueueFile.HEADER_BYTES + length) {
      return 0;
    }
    int content = from + QueueFile.HEADER_BYTES;
    if (length == Long.BYTES && bytes.getLong(content) == SegmentAppender.PREAMBLE) {
      return whole;
    }
    String wrong = header.read(bytes, content, length);
    if (wrong == null && header.startOffset != recordOffset) {
      wrong = "the record starts at offset " + header.startOffset + " instead of " + recordOffset;
    }
    if (wrong == null && !header.isSound(checksum, bytes, content)) {
      wrong = "checksum of the record at offset " + header.startOffset + " is wrong";
    }
    if (wrong != null) {
      throw damaged(position, wrong);
    }
    remaining = header.streamBytes();
    return remaining == 0 ? whole : FRAMED_HEADER_BYTES;
  }

  /** Moves payload bytes down to {@code to}, without those to skip; returns how many remain. */
  private int takePayload(ByteBuf bytes, int from, int take, int to) {
    int unwanted = Math.min(skip, take);
    int kept = take - unwanted;
    if (kept > 0 && from + unwanted != to) {
      bytes.setBytes(to, bytes, from + unwanted, kept);
    }
    skip -= unwanted;
    recordOffset += take;
    remaining -= take;
    return kept;
  }

  @Override
  public boolean next(LogRecord record) {
    checkOpen();
    if (remaining > 0) {
      throw new LogException(LogException.Kind.MISUSE, "the reader is in the middle of a record");
    }
    skip = 0;
    try {
      while (true) {
        long limit = segment.committedPosition;
        boolean sealed = segment.sealed;
        if (sealed && recordOffset >= segment.endOffset) {
          if (!enterNext()) {
            return false;
          }
          continue;
        }
        cursor.reset(channel, position);
        RecordCursor.Step step = cursor.next(record.header(), limit);
        if (step == RecordCursor.Step.DAMAGED) {
          throw damaged(cursor.position(), cursor.problem());
        }
        if (step == RecordCursor.Step.RECORD) {
          take(record);
          return true;
        }
        position = cursor.position();
        if (!sealed) {
          return false;
        }
        if (limit == segment.committedPosition) {
          throw damaged(position, "the segment ends before offset " + segment.endOffset);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private void take(LogRecord record) {
    if (record.startOffset() != recordOffset) {
      throw damaged(
          cursor.documentPosition(),
          "the record starts at offset " + record.startOffset() + " instead of " + recordOffset);
    }
    record.payload(cursor.window(), cursor.payloadIndex());
    recordOffset = record.endOffset();
    position = cursor.position();
  }

  /** Goes on to the next segment; false if there is none yet, as after the log was opened. */
  private boolean enterNext() {
    Segment next = state.after(segment);
    if (next == null) {
      return false;
    }
    if (next.startOffset != segment.endOffset) {
      throw new LogException(
          LogException.Kind.TRIMMED,
          "the log behind offset "
              + segment.endOffset
              + " was removed; it starts at "
              + state.startOffset());
    }
    leave();
    enter(next);
    return true;
  }

  private void enter(Segment next) {
    try {
      channel = next.acquire();
    } catch (LogException e) {
      if (e.kind() == LogException.Kind.DAMAGED) {
        tell(next, e.getMessage());
      }
      throw e;
    }
    segment = next;
    position = next.firstPosition;
    recordOffset = next.startOffset;
  }

  private void leave() {
    if (segment != null) {
      Segment left = segment;
      segment = null;
      channel = null;
      left.release();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new LogException(LogException.Kind.MISUSE, "the reader is closed");
    }
  }

  private LogException damaged(long at, String what) {
    String message = segment + " at position " + at + " (offset " + recordOffset + "): " + what;
    tell(segment, message);
    return new LogException(LogException.Kind.DAMAGED, message);
  }

  private void tell(Segment damaged, String problem) {
    if (damaged.markDamaged(problem)) {
      listener.damaged(problem, state.endOf(damaged));
    }
  }

  /** A sector that cannot be read is damage as wrong bytes are, and is met again each time. */
  private LogException unreadable(IOException e) {
    return damaged(position, "cannot be read: " + LogException.reasonOf(e));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      cursor.close();
      leave();
    }
  }
}
