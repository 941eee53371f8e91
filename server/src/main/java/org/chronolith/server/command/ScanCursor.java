package org.chronolith.server.command;

import org.chronolith.engine.Slice;

/** The cursor of SCAN and its like: an unsigned 64-bit number. */
public final class ScanCursor {
  private static final CommandException INVALID = new CommandException("ERR invalid cursor");

  private ScanCursor() {}

  /**
   * Reads a cursor.
   *
   * @throws CommandException {@code ERR invalid cursor}
   */
  public static long parse(Slice word) {
    String text = word.toString();
    if (text.isEmpty() || text.length() > 20 || text.charAt(0) == '+') {
      throw INVALID;
    }
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw INVALID;
    }
  }
}
