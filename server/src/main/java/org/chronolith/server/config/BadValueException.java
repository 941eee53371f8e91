package org.chronolith.server.config;

/** A value that a directive refuses; the message is Redis's own text for it. */
public final class BadValueException extends Exception {

  public BadValueException(String reason) {
    super(reason, null, false, false);
  }
}
