package org.chronolith.network;

/** Counts what happens to client connections. Called on the loop's thread; must be quick. */
public interface NetworkListener {
  /** A listener that counts nothing. */
  NetworkListener NONE = new NetworkListener() {};

  /** A client was accepted. */
  default void accepted() {}

  /** A client was turned away because maxclients was reached. */
  default void rejected() {}

  /** Bytes were read from clients. */
  default void bytesRead(int bytes) {}

  /** Bytes of replies were given to the sockets of clients. */
  default void bytesWritten(long bytes) {}

  /** A client sent what is no request, and is being closed. */
  default void protocolError(Connection connection, String text) {}

  /** A client is being closed because its requests pile up: client-query-buffer-limit. */
  default void queryBufferLimitReached(Connection connection) {}

  /** A client is being closed because it does not read its replies: client-output-buffer-limit. */
  default void outputLimitReached(Connection connection) {}

  /** A client is being closed because it was idle. */
  default void idleTimeoutReached(Connection connection) {}
}
