package org.chronolith.network;

/** What goes wrong in the network: a port that is taken, a host that does not answer, bad input. */
public class NetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** How far the damage reaches. */
  public enum Severity {
    /** One connection is lost; the rest goes on. */
    CONNECTION,
    /** A listener or a loop cannot do its work; the process should not start or go on. */
    FATAL
  }

  private final Severity severity;

  public NetworkException(Severity severity, String message) {
    super(message);
    this.severity = severity;
  }

  public NetworkException(Severity severity, String message, Throwable cause) {
    super(message, cause);
    this.severity = severity;
  }

  NetworkException(String message, boolean writableStackTrace) {
    super(message, null, false, writableStackTrace);
    this.severity = Severity.CONNECTION;
  }

  public Severity severity() {
    return severity;
  }
}
