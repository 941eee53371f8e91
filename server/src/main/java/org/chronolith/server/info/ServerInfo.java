package org.chronolith.server.info;

import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.config.ServerConfig;

/**
 * Registers what the server itself knows with {@link Info}: server, clients, memory, statistics,
 * CPU, commands, errors and the keyspace. Replication and persistence register on their own.
 *
 * <p>Thread: built before the start; then engine.
 */
public final class ServerInfo {

  /** How often {@link #sample} wants to be called. */
  public static final int SAMPLE_PERIOD_MS = 100;

  private final ServerSection server = new ServerSection();
  private final NetworkFigures network = new NetworkFigures();
  private final CommandSections commands;
  private final MemorySection memory;

  /**
   * @param nativeTransport whether sockets are served by epoll
   */
  public ServerInfo(
      Info info,
      ServerConfig config,
      CommandTable table,
      ServerCounters counters,
      ClientRegistry clients,
      KeyspaceFigures keyspace,
      boolean nativeTransport) {
    server.register(info, config, nativeTransport);
    network.register(info);
    new ClientsSection(clients).register(info, config);
    memory = new MemorySection(keyspace);
    memory.register(info, config);
    commands = new CommandSections(table, counters, config);
    commands.register(info);
  }

  /** To be told of what happens on clients' sockets. */
  public NetworkFigures network() {
    return network;
  }

  /** 40 hexadecimal digits that name this run. */
  public String runId() {
    return server.runId();
  }

  /** Takes the samples for rates and peaks; every {@value #SAMPLE_PERIOD_MS} ms, engine thread. */
  public void sample() {
    long nowNanos = System.nanoTime();
    network.sample(nowNanos);
    commands.sample(nowNanos);
    memory.sample();
  }
}
