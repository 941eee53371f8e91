package org.chronolith.server;

import org.chronolith.network.HttpTextEndpoint;
import org.chronolith.network.NetworkListener;
import org.chronolith.network.NetworkLoop;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.expiry.KeyspaceEvents;
import org.chronolith.server.info.Info;
import org.chronolith.server.info.InfoSection;
import org.chronolith.server.info.KeyspaceFigures;
import org.chronolith.server.info.ServerInfo;
import org.chronolith.server.metrics.ServerMetrics;
import org.chronolith.server.recovery.PersistenceInfo;

/**
 * What can be seen of the server from outside: {@code INFO}, and the metrics if they are asked for.
 *
 * <p>Thread: built and closed by those of the {@link Server}; samples on the engine's loop. Scrapes
 * have the loop {@code metrics} of their own, so that none of them holds up a client or a replica.
 */
final class Observation implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";

  private final Info info;
  private final ServerConfig config;
  private final CommandTable table;
  private final CommandRunner runner;
  private final KeyspaceFigures keyspace;
  private final ServerInfo server;
  private NetworkLoop metricsLoop;
  private HttpTextEndpoint endpoint;
  private ServerMetrics metrics;

  Observation(
      Info info,
      ServerConfig config,
      CommandTable table,
      CommandRunner runner,
      ClientRegistry clients,
      boolean nativeTransport) {
    this.info = info;
    this.config = config;
    this.table = table;
    this.runner = runner;
    keyspace = new DatasetFigures(() -> runner.dataset().keyspace());
    server =
        new ServerInfo(info, config, table, runner.counters(), clients, keyspace, nativeTransport);
  }

  /** To be told of what happens on clients' sockets. */
  NetworkListener network() {
    return server.network();
  }

  /** Registers what these parts have to tell. */
  void register(KeyspaceEvents events, PersistenceInfo persistence) {
    info.number("expired_keys", events::expiredKeys)
        .onReset(events::resetStats)
        .lines(
            InfoSection.PERSISTENCE,
            out -> persistence.fields(System.currentTimeMillis(), out::value));
  }

  /**
   * Begins to sample, and to serve the metrics if {@code metrics-port} says so. Not on a loop.
   *
   * @throws org.chronolith.network.NetworkException if that port is not free
   */
  void start(NetworkLoop engineLoop) {
    engineLoop.every(server::sample, ServerInfo.SAMPLE_PERIOD_MS);
    if (config.metricsPort() == 0) {
      return;
    }
    metrics = new ServerMetrics(info, table, runner.counters(), keyspace);
    engineLoop.execute(metrics::publish);
    engineLoop.every(metrics::publish, ServerMetrics.PUBLISH_PERIOD_MS);
    metricsLoop = new NetworkLoop("metrics", true);
    endpoint =
        HttpTextEndpoint.bind(
            metricsLoop,
            LOOPBACK,
            config.metricsPort(),
            "/metrics",
            ServerMetrics.CONTENT_TYPE,
            metrics::scrape);
  }

  /** Ends the serving of metrics. Not on a loop. */
  @Override
  public void close() {
    if (endpoint != null) {
      endpoint.close();
    }
    if (metricsLoop != null) {
      metricsLoop.close();
    }
    if (metrics != null) {
      metrics.close();
    }
  }
}
