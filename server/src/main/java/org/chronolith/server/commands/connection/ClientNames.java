package org.chronolith.server.commands.connection;

import org.chronolith.server.command.CommandException;

/** What may stand in a line of {@code CLIENT LIST}. */
final class ClientNames {
  private static final CommandException BAD_NAME =
      new CommandException(
          "ERR Client names cannot contain spaces, newlines or special characters.");

  private ClientNames() {}

  /**
   * {@code name} itself.
   *
   * @throws CommandException unless it consists of printable ASCII without spaces
   */
  static String checked(String name) {
    if (!isPlain(name)) {
      throw BAD_NAME;
    }
    return name;
  }

  static boolean isPlain(String text) {
    return text.chars().allMatch(c -> c >= '!' && c <= '~');
  }
}
