package org.chronolith.replicationlog;

/** The one unchecked exception of this module. {@link #kind()} says what the caller can do. */
public final class LogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, from the caller's point of view. */
  public enum Kind {
    /** The offset lies outside {@code [startOffset, endOffset]}: a partial resync is impossible. */
    OUT_OF_RANGE(false),
    /** The segment that the reader was in, or was about to enter, has been removed by retention. */
    TRIMMED(false),
    /** No reserved space for the append; nothing was written. */
    NO_SPACE(false),
    /** A file holds something that is not valid; the message names file, position and offset. */
    DAMAGED(true),
    /** A segment does not belong where its name puts it; the message says which. */
    MISPLACED(true),
    /** A rule of the API was broken: wrong thread, closed, bad argument. */
    MISUSE(true),
    /** Reading or writing a file failed. After this the log accepts nothing more. */
    IO(true);

    private final boolean fatal;

    Kind(boolean fatal) {
      this.fatal = fatal;
    }
  }

  private final Kind kind;

  public LogException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public LogException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What an exception says of itself, or its class if it says nothing; never null. */
  public static String reasonOf(Throwable cause) {
    String message = cause.getMessage();
    return message == null || message.isBlank() ? cause.getClass().getName() : message;
  }

  public Kind kind() {
    return kind;
  }

  /** True if the process should not go on writing. */
  public boolean fatal() {
    return kind.fatal;
  }
}
