package org.chronolith.engine;

import java.util.Objects;

/** What goes wrong inside the engine: its storage, its memory, its snapshots. */
public final class EngineException extends RuntimeException {
  /** How far the damage reaches; it decides what the server does next. */
  public enum Severity {
    /** This operation failed and left nothing behind; a later one may succeed. */
    RETRYABLE,
    /** As {@link #RETRYABLE}, but only once the volume has more space. */
    NO_SPACE,
    /** Bytes on disk are not what was written: they are never used as data. */
    CORRUPTION,
    /** An invariant is broken: the process must not go on. */
    FATAL
  }

  private final Severity severity;

  public EngineException(Severity severity, String message) {
    super(message);
    this.severity = Objects.requireNonNull(severity);
  }

  public EngineException(Severity severity, String message, Throwable cause) {
    super(message, cause);
    this.severity = Objects.requireNonNull(severity);
  }

  public Severity severity() {
    return severity;
  }
}
