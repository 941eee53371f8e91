package org.chronolith.server.tools;

import org.chronolith.replicationlog.LogException;

/** It cannot be done as asked; the message says where and what helps. Ends the tool with 2. */
final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ToolException(String message) {
    super(message);
  }

  ToolException(String message, Throwable cause) {
    super(message, cause);
  }

  /** What was to be done cannot be done, for the reason that {@code cause} gives. */
  static ToolException of(String what, Exception cause) {
    return new ToolException(what + ": " + LogException.reasonOf(cause), cause);
  }
}
