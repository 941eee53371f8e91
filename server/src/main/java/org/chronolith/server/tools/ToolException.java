package org.chronolith.server.tools;

/** It cannot be done as asked; the message says where and what helps. Ends the tool with 2. */
final class ToolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ToolException(String message) {
    super(message);
  }

  ToolException(String message, Throwable cause) {
    super(message, cause);
  }
}
