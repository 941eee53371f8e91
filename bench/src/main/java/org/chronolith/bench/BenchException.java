package org.chronolith.bench;

/** A measurement that cannot be made; the message says why and, where there is one, the remedy. */
public final class BenchException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public BenchException(String message) {
    super(message);
  }

  public BenchException(String message, Throwable cause) {
    super(message, cause);
  }
}
