package org.chronolith.server.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.chronolith.network.Connection;
import org.chronolith.network.ConnectionHandler;
import org.chronolith.network.Request;
import org.chronolith.server.command.Dispatcher;

/**
 * All clients, in the order in which they came; turns what the network reports into calls of the
 * dispatcher.
 *
 * <p>Thread: engine.
 */
public final class ClientRegistry implements ConnectionHandler {
  private static final String PROTECTED =
      "DENIED Chronolith is running in protected mode because protected mode is enabled and no"
          + " password is set for the default user. In this mode connections are only accepted"
          + " from the loopback interface. To connect from other machines, set a password with"
          + " 'requirepass', or send 'CONFIG SET protected-mode no' from the loopback interface,"
          + " or start the server with '--protected-mode no'; in the last two cases make sure that"
          + " nobody else can reach its port.";

  private final Map<Long, Client> clients = new LinkedHashMap<>();
  private final ArrayList<Consumer<Client>> closeListeners = new ArrayList<>();
  private final BooleanSupplier passwordRequired;
  private BooleanSupplier protectedMode = () -> false;
  private Dispatcher dispatcher;

  /**
   * @param passwordRequired whether a new client must authenticate
   */
  public ClientRegistry(BooleanSupplier passwordRequired) {
    this.passwordRequired = passwordRequired;
  }

  /** Whether clients from other machines are refused while no password is required. */
  public void protectedMode(BooleanSupplier value) {
    protectedMode = value;
  }

  /** Where requests go. Must be set before the first listener is bound. */
  public void dispatcher(Dispatcher value) {
    dispatcher = value;
  }

  /** Runs {@code listener} for each client that goes: watches, blocked commands, replicas. */
  public void onClose(Consumer<Client> listener) {
    closeListeners.add(listener);
  }

  @Override
  public void opened(Connection connection) {
    Client client = new Client(connection.id(), connection);
    client.authenticated(!passwordRequired.getAsBoolean());
    connection.authenticated(client.authenticated());
    connection.attach(client);
    clients.put(client.id(), client);
    if (client.authenticated() && protectedMode.getAsBoolean() && !isLocal(connection)) {
      connection.reply().error(PROTECTED);
      connection.closeAfterFlush();
    }
  }

  /** From this machine: by loopback, or by a Unix socket, whose name is a path. */
  private static boolean isLocal(Connection connection) {
    String address = connection.remoteAddress();
    return address.startsWith("127.") || address.startsWith("[::1]") || address.endsWith(":0");
  }

  @Override
  public void request(Connection connection, Request request) {
    dispatcher.request((Client) connection.attachment(), request);
  }

  @Override
  public void closed(Connection connection) {
    forget((Client) connection.attachment());
  }

  /** Takes a client off the list: it is gone, or its connection now belongs to a replica's feed. */
  public void forget(Client client) {
    if (clients.remove(client.id()) != null) {
      for (Consumer<Client> listener : closeListeners) {
        listener.accept(client);
      }
    }
  }

  public Collection<Client> all() {
    return Collections.unmodifiableCollection(clients.values());
  }

  /** The client of that id, or null. */
  public Client find(long id) {
    return clients.get(id);
  }

  public int size() {
    return clients.size();
  }
}
