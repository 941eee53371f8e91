package org.chronolith.server.commands.connection;

import org.chronolith.server.client.Client;
import org.chronolith.server.command.CommandException;

/** The kinds of connections that {@code CLIENT LIST} and {@code CLIENT KILL} tell apart. */
public enum ClientType {
  NORMAL,
  MASTER,
  REPLICA,
  PUBSUB;

  /** The type of a client that is none of the replication's. */
  static ClientType of(Client client) {
    return client.isSubscriber() ? PUBSUB : NORMAL;
  }

  /**
   * The type of that name in any case; {@code slave} is a replica.
   *
   * @throws CommandException if there is none
   */
  static ClientType parse(String name) {
    for (ClientType type : values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    if (name.equalsIgnoreCase("slave")) {
      return REPLICA;
    }
    throw new CommandException("ERR Unknown client type '" + name + "'");
  }
}
