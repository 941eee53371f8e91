package org.chronolith.server.recovery;

import org.chronolith.replicationlog.LogException;

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

  /** What was to be done cannot be done, for the reason that {@code cause} gives. */
  static RecoveryException of(String what, Exception cause) {
    return new RecoveryException(what + ": " + LogException.reasonOf(cause), cause);
  }
}
