package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;

/**
 * Reads the log from an offset on. One thread at a time. It holds no memory but, once {@link #next}
 * is used, one buffer; files are read through a {@code FileChannel}, since a page fault in mapped
 * memory would stall the whole JVM at the next safepoint.
 */
public final class LogReader implements AutoCloseable {
  private LogReader() {}

  /** Offset of the next byte. */
  public long offset() {
    throw new UnsupportedOperationException();
  }

  /**
   * Appends stream bytes to {@code dst}, as they were written, up to the last commit.
   *
   * @param maxBytes most bytes to append; {@code dst} is grown by that much if it must
   * @return bytes appended; 0 at the end of the log
   * @throws LogException DAMAGED, TRIMMED, IO
   */
  public int read(ByteBuf dst, int maxBytes) {
    throw new UnsupportedOperationException();
  }

  /**
   * Moves to the next record, identities and markers included; only up to the last commit. A reader
   * that was opened in the middle of a record begins with that whole record.
   *
   * @return false at the end of the log
   * @throws LogException DAMAGED, TRIMMED, IO
   */
  public boolean next(LogRecord record) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
