package org.chronolith.server.info;

import java.util.function.ToLongFunction;
import org.chronolith.network.Connection;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.config.ServerConfig;

/** {@code INFO clients}, and what clients cost of memory. Engine thread. */
final class ClientsSection {

  private final ClientRegistry clients;

  ClientsSection(ClientRegistry clients) {
    this.clients = clients;
  }

  void register(Info info, ServerConfig config) {
    info.number("connected_clients", clients::size)
        .number("maxclients", config::maxClients)
        .number("client_recent_max_input_buffer", () -> most(Connection::queryBufferCapacity))
        .number("client_recent_max_output_buffer", () -> most(Connection::pendingOutputBytes))
        .number("blocked_clients", this::blocked)
        .number("mem_clients_normal", this::bufferBytes);
  }

  /** Those whose command waits: for replicas, for the end of a pause, for the disk. */
  private long blocked() {
    return clients.all().stream().filter(client -> client.connection().isPaused()).count();
  }

  private long most(ToLongFunction<Connection> figure) {
    long most = 0;
    for (Client client : clients.all()) {
      most = Math.max(most, figure.applyAsLong(client.connection()));
    }
    return most;
  }

  private long bufferBytes() {
    long sum = 0;
    for (Client client : clients.all()) {
      Connection connection = client.connection();
      sum += connection.queryBufferCapacity() + connection.pendingOutputBytes();
    }
    return sum;
  }
}
