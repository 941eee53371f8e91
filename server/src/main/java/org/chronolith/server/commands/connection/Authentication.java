package org.chronolith.server.commands.connection;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.function.Supplier;
import org.chronolith.server.client.Client;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** The one user there is, {@code default}, and its password, {@code requirepass}. */
final class Authentication {
  static final String DEFAULT_USER = "default";

  private static final CommandException WRONG =
      new CommandException("WRONGPASS invalid username-password pair or user is disabled.");
  private static final CommandException NO_PASSWORD_SET =
      new CommandException(
          "ERR AUTH <password> called without any password configured for the default user."
              + " Are you sure your configuration is correct?");

  private final Supplier<String> requirePass;

  /**
   * @param requirePass the password; empty for none
   */
  Authentication(Supplier<String> requirePass) {
    this.requirePass = requirePass;
  }

  boolean passwordRequired() {
    return !requirePass.get().isEmpty();
  }

  /** {@code AUTH [username] password}. */
  void auth(Call call) {
    if (call.argc() > 3) {
      throw CommandException.SYNTAX;
    }
    if (call.argc() == 2) {
      if (!passwordRequired()) {
        throw NO_PASSWORD_SET;
      }
      authenticate(call.client(), DEFAULT_USER, call.arg(1).toBytes());
    } else {
      authenticate(call.client(), call.text(1), call.arg(2).toBytes());
    }
    call.reply().ok();
  }

  /**
   * Admits the client.
   *
   * @throws CommandException if name and password are not right
   */
  void authenticate(Client client, String user, byte[] password) {
    byte[] expected = requirePass.get().getBytes(StandardCharsets.UTF_8);
    // The time that the comparison takes does not tell how much of it was right.
    boolean right = expected.length == 0 || MessageDigest.isEqual(expected, password);
    if (!user.equals(DEFAULT_USER) || !right) {
      throw WRONG;
    }
    admit(client, true);
  }

  /** Forgets the client's authentication, if one is needed. */
  void reset(Client client) {
    admit(client, !passwordRequired());
  }

  private static void admit(Client client, boolean admitted) {
    client.authenticated(admitted);
    if (client.connection() != null) {
      client.connection().authenticated(admitted);
    }
  }
}
