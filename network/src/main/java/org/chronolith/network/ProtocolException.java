package org.chronolith.network;

/**
 * Input that is not RESP. The message is the text that redis-server 7.0 puts after {@code "ERR
 * Protocol error: "}. It carries no stack trace: a client's mistake must cost nothing.
 */
public final class ProtocolException extends NetworkException {
  private static final long serialVersionUID = 1L;

  public ProtocolException(String message) {
    super(message, false);
  }
}
