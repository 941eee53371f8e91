package org.chronolith.server.recovery;

/**
 * The data directory cannot be used as it is; the message says why, for whoever starts the server.
 */
public sealed class RecoveryException extends RuntimeException permits SwitchedException {
  RecoveryException(String message) {
    super(message);
  }

  public RecoveryException(String message, Throwable cause) {
    super(message, cause);
  }
}
