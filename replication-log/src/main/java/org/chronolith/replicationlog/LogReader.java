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
   * Appends stream bytes to {@code dst}, as they were written, up to the last commit. Nothing of a
   * record is given away before all of it is verified, so what a caller makes of the bytes is never
   * made of damage.
   *
   * @param dst has one contiguous memory; it is grown if it must: the file's framing and the whole
   *     of a record are read into it as well and squeezed out, so that a reader needs no buffer of
   *     its own
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
