package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.chronolith.network.ProtocolException;

/**
 * Finds the end of an RDB on a link: after {@code $<bytes>} by its length, after {@code
 * $EOF:<mark>} by the mark, forty random characters that follow it.
 *
 * <p>Thread: the replication loop.
 */
final class RdbStream {
  static final int MARK_BYTES = 40;
  private static final String MARKED = "$EOF:";

  /** Takes the bytes of the RDB, and takes the buffers over. */
  interface Sink {
    void data(ByteBuf bytes);
  }

  private final byte[] mark;
  private long bytesLeft;

  /** What may be the begin of the mark, fewer bytes than it has; null if there is none. */
  private ByteBuf tail;

  private boolean ended;

  private RdbStream(byte[] mark, long bytesLeft) {
    this.mark = mark;
    this.bytesLeft = bytesLeft;
  }

  /**
   * Reads the line that announces an RDB.
   *
   * @throws ProtocolException if it announces none that can be
   * @throws LinkEnd if the master says no, or something else
   */
  static RdbStream of(String line) {
    if (line.startsWith("-")) {
      throw LinkEnd.warning("MASTER aborted replication with an error: " + line.substring(1));
    }
    if (!line.startsWith("$")) {
      throw LinkEnd.warning(
          "Bad protocol from MASTER, the first byte is not '$' (we received '"
              + line
              + "'), are you sure the host and port are right?");
    }
    if (line.startsWith(MARKED)) {
      byte[] mark = line.substring(MARKED.length()).getBytes(StandardCharsets.ISO_8859_1);
      if (mark.length != MARK_BYTES) {
        throw new ProtocolException(
            "the end mark of an RDB has " + mark.length + " bytes: " + line);
      }
      return new RdbStream(mark, -1);
    }
    try {
      long bytes = Long.parseLong(line.substring(1));
      if (bytes > 0) {
        return new RdbStream(null, bytes);
      }
    } catch (NumberFormatException e) {
      throw new ProtocolException("unexpected line in a full sync: " + line);
    }
    throw new ProtocolException("unexpected line in a full sync: " + line);
  }

  /** Its length, or -1 if that is known at its end only. */
  long totalBytes() {
    return mark == null ? bytesLeft : -1;
  }

  boolean ended() {
    return ended;
  }

  /** Takes what belongs to the RDB, and its end. What follows stays in {@code in}. */
  void bytes(ByteBuf in, Sink sink) {
    if (mark == null) {
      int length = (int) Math.min(bytesLeft, in.readableBytes());
      ByteBuf chunk = PooledByteBufAllocator.DEFAULT.directBuffer(length);
      in.readBytes(chunk, length);
      bytesLeft -= length;
      ended = bytesLeft == 0;
      sink.data(chunk);
      return;
    }
    int waiting = tail == null ? 0 : tail.readableBytes();
    ByteBuf all = PooledByteBufAllocator.DEFAULT.directBuffer(waiting + in.readableBytes());
    if (tail != null) {
      all.writeBytes(tail);
      release();
    }
    all.writeBytes(in);
    int end = find(all);
    if (end >= 0) {
      ended = true;
      in.readerIndex(in.readerIndex() - (all.writerIndex() - end - MARK_BYTES));
      all.writerIndex(end);
    } else {
      int kept = Math.min(MARK_BYTES - 1, all.readableBytes());
      tail = PooledByteBufAllocator.DEFAULT.directBuffer(MARK_BYTES);
      tail.writeBytes(all, all.writerIndex() - kept, kept);
      all.writerIndex(all.writerIndex() - kept);
    }
    if (all.isReadable()) {
      sink.data(all);
    } else {
      all.release();
    }
  }

  private int find(ByteBuf all) {
    int last = all.writerIndex() - MARK_BYTES;
    for (int at = 0; at <= last; at++) {
      at = all.indexOf(at, last + 1, mark[0]);
      if (at < 0) {
        return -1;
      }
      int same = 1;
      while (same < MARK_BYTES && all.getByte(at + same) == mark[same]) {
        same++;
      }
      if (same == MARK_BYTES) {
        return at;
      }
    }
    return -1;
  }

  /** The link is gone, or what came was enough. */
  void release() {
    if (tail != null) {
      tail.release();
      tail = null;
    }
  }
}
