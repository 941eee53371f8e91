package org.chronolith.network;

/** What the server does with a client. Called on the thread of the connection's loop. */
public interface ConnectionHandler {
  /** The client was accepted; nothing was read yet. */
  void opened(Connection connection);

  /**
   * One request. It is a view that is valid only during the call. Replies are written to {@link
   * Connection#reply}. For a blocked client see {@link Connection#pauseRequests}.
   */
  void request(Connection connection, Request request);

  /** The connection is gone, whoever closed it. Called once, after {@link #opened}. */
  void closed(Connection connection);
}
