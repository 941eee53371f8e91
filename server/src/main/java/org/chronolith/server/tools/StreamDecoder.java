package org.chronolith.server.tools;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.replicationlog.LogRecord;

/** Finds the commands in the records of a log. A group is decoded once it is whole. */
final class StreamDecoder implements AutoCloseable {
  /** A command of the stream; the request is valid during the call. */
  @FunctionalInterface
  interface Sink {
    /**
     * @param offset of its first byte: the state before it is the one at this offset
     * @param db database that it works on
     */
    void command(long offset, long endOffset, long wallClockMs, int db, Request request);
  }

  private static final long MAX_BULK_BYTES = Integer.MAX_VALUE - 64;
  private static final int KEPT_BYTES = 4 << 20;

  private final Sink sink;
  private final RequestDecoder decoder = new RequestDecoder(MAX_BULK_BYTES);
  private final Request request = new Request();
  private ByteBuf bytes = Unpooled.directBuffer();
  private long offset;
  private int db;

  StreamDecoder(Sink sink) {
    this.sink = sink;
  }

  /**
   * Takes a record's stream bytes.
   *
   * @throws ProtocolException if they are no commands
   */
  void record(LogRecord record) {
    if (record.length() == 0) {
      return;
    }
    if (!bytes.isReadable()) {
      offset = record.startOffset();
      db = record.dbAtStart();
      bytes.clear();
    }
    bytes.writeBytes(record.buffer(), record.payloadIndex(), record.length());
    if (record.isCommit()) {
      decode(record.wallClockMs());
    }
  }

  /** Forgets what was not decoded. */
  void drop() {
    bytes.clear();
    decoder.reset();
  }

  private void decode(long wallClockMs) {
    while (bytes.isReadable()) {
      int before = bytes.readerIndex();
      if (decoder.decode(bytes, request) == RequestDecoder.Result.NEED_MORE) {
        throw new ProtocolException("a commit inside a command at offset " + offset);
      }
      long end = offset + bytes.readerIndex() - before;
      if (request.count() == 2 && request.text(0).equalsIgnoreCase("select")) {
        db = number(request.text(1));
      }
      sink.command(offset, end, wallClockMs, db, request);
      offset = end;
    }
    bytes.clear();
    if (bytes.capacity() > KEPT_BYTES) {
      bytes.release();
      bytes = Unpooled.directBuffer();
    }
  }

  private int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new ProtocolException("SELECT " + text + " at offset " + offset);
    }
  }

  @Override
  public void close() {
    bytes.release();
  }
}
