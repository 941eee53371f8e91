package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;

/**
 * Reads the log from an offset on, up to the last commit. One thread at a time. It holds no memory
 * but, while {@link #next} is used, one buffer.
 */
public interface LogReader extends AutoCloseable {
  /** Offset of the next byte. */
  long offset();

  /**
   * Appends stream bytes to {@code dst}, as they were written, up to the last commit. Checksums are
   * verified as records end, so a caller must not act on a record's bytes beyond its last whole
   * effect before the next call returns.
   *
   * @param dst has one contiguous memory; it is grown if it must: the file's framing is read into
   *     it as well and squeezed out, so that a reader needs no buffer of its own
   * @param maxBytes most bytes to append
   * @return bytes appended; 0 at the end of the log
   * @throws LogException DAMAGED, TRIMMED, IO
   */
  int read(ByteBuf dst, int maxBytes);

  /**
   * Moves to the next record; identities and markers at the end of an older segment are left out,
   * since the next segment begins with the identity. A reader that was opened in the middle of a
   * record begins with that whole record.
   *
   * @return false at the end of the log
   * @throws LogException DAMAGED, TRIMMED, IO; MISUSE in the middle of a record after {@link #read}
   */
  boolean next(LogRecord record);

  @Override
  void close();
}
