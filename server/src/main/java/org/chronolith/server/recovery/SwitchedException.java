package org.chronolith.server.recovery;

/**
 * {@code CURRENT} names a new generation, or nobody knows whether it does, and the switch to it
 * failed. The process must end: whatever it wrote to the old generation from now on, the next start
 * would remove with it.
 */
public final class SwitchedException extends RecoveryException {
  private static final long serialVersionUID = 1L;

  SwitchedException(String message, Throwable cause) {
    super(message, cause);
  }
}
