package org.chronolith.server.commands.connection;

import org.chronolith.server.client.Client;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** Which connections {@code CLIENT KILL} means. */
final class ClientFilter {
  private static final CommandException BAD_ID =
      new CommandException("ERR client-id should be greater than 0");

  private long id;
  private ClientType type;
  private String address;
  private String localAddress;
  private boolean skipMe = true;

  private ClientFilter() {}

  /** The old form, {@code CLIENT KILL addr:port}: it may hit the caller. */
  static ClientFilter byAddress(String address) {
    ClientFilter filter = new ClientFilter();
    filter.address = address;
    filter.skipMe = false;
    return filter;
  }

  /** Pairs of option and value from word 2 on. */
  static ClientFilter parse(Call call) {
    ClientFilter filter = new ClientFilter();
    for (int i = 2; i < call.argc(); i += 2) {
      if (i + 1 == call.argc()) {
        throw CommandException.SYNTAX;
      }
      filter.option(call, i);
    }
    return filter;
  }

  private void option(Call call, int i) {
    String value = call.text(i + 1);
    if (call.is(i, "id")) {
      id = call.integer(i + 1, BAD_ID);
      if (id < 1) {
        throw BAD_ID;
      }
    } else if (call.is(i, "type")) {
      type = ClientType.parse(value);
    } else if (call.is(i, "addr")) {
      address = value;
    } else if (call.is(i, "laddr")) {
      localAddress = value;
    } else if (call.is(i, "user")) {
      if (!value.equals(Authentication.DEFAULT_USER)) {
        throw new CommandException("ERR No such user '" + value + "'");
      }
    } else if (call.is(i, "skipme") && value.equalsIgnoreCase("yes")) {
      skipMe = true;
    } else if (call.is(i, "skipme") && value.equalsIgnoreCase("no")) {
      skipMe = false;
    } else {
      throw CommandException.SYNTAX;
    }
  }

  boolean matches(Client client, Client caller) {
    return matches(
            client.id(),
            ClientType.of(client),
            client.connection().remoteAddress(),
            client.connection().localAddress())
        && !(skipMe && client == caller);
  }

  boolean matches(LinkedPeer peer) {
    return matches(peer.id(), peer.type(), peer.remoteAddress(), peer.localAddress());
  }

  private boolean matches(
      long otherId, ClientType otherType, String otherAddress, String otherLocalAddress) {
    return (id == 0 || id == otherId)
        && (type == null || type == otherType)
        && (address == null || address.equals(otherAddress))
        && (localAddress == null || localAddress.equals(otherLocalAddress));
  }
}
