package org.chronolith.network;

import io.netty.buffer.ByteBuf;

/** What is done with a socket of raw bytes. Called on the thread of the connection's loop. */
public interface StreamHandler {
  /** The socket is connected, or was handed over to this loop. */
  void connected(StreamConnection connection);

  /**
   * Bytes came in. What the handler leaves unread is offered again, with more behind it. The buffer
   * is valid only during the call.
   */
  void bytes(StreamConnection connection, ByteBuf in);

  /**
   * {@link StreamConnection#isWritable} has become true again. Never called from within a call of
   * the connection's.
   */
  void writable(StreamConnection connection);

  /**
   * The connection is gone, or could not be made. Called once, also without {@link #connected}.
   *
   * @param cause what failed; null if one of the sides closed it
   */
  void closed(StreamConnection connection, Throwable cause);
}
