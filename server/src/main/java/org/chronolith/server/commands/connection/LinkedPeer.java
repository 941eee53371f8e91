package org.chronolith.server.commands.connection;

/**
 * A connection that is no client's any more: a replica's feed, or the link to the master. What is
 * read here may be a moment old; all methods may be called on the engine thread.
 */
public interface LinkedPeer {
  /** The client id that it had, or another that no client has. */
  long id();

  /** {@link ClientType#REPLICA} or {@link ClientType#MASTER}. */
  ClientType type();

  String remoteAddress();

  String localAddress();

  long createdMs();

  long lastInteractionMs();

  /** Bytes that wait to be sent. */
  long pendingBytes();

  /** Closes it, soon. */
  void close();
}
