package org.chronolith.replicationlog;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

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

  /** What was to be done cannot be done, for {@link #reasonOf} the cause. */
  static LogException io(String what, IOException cause) {
    return new LogException(Kind.IO, what + ": " + reasonOf(cause), cause);
  }

  /**
   * What an exception says of itself, in the system's words where the JDK has put a class in their
   * place (behind the file, as the JDK has it), or its class if it says nothing; never null.
   */
  public static String reasonOf(Throwable cause) {
    if (cause instanceof UncheckedIOException wrapped) {
      return reasonOf(wrapped.getCause());
    }
    if (cause instanceof FileSystemException failed) {
      String words = words(failed);
      return failed.getFile() == null ? words : failed.getFile() + ": " + words;
    }
    String message = cause.getMessage();
    return message == null || message.isBlank() ? cause.getClass().getName() : message;
  }

  private static String words(FileSystemException failed) {
    if (failed instanceof NoSuchFileException) {
      return "No such file or directory";
    }
    if (failed instanceof AccessDeniedException) {
      return "Permission denied";
    }
    if (failed instanceof FileAlreadyExistsException) {
      return "File exists";
    }
    if (failed instanceof DirectoryNotEmptyException) {
      return "Directory not empty";
    }
    if (failed instanceof NotDirectoryException) {
      return "Not a directory";
    }
    return failed.getReason() == null ? failed.getClass().getSimpleName() : failed.getReason();
  }

  public Kind kind() {
    return kind;
  }

  /** True if the process should not go on writing. */
  public boolean fatal() {
    return kind.fatal;
  }
}
