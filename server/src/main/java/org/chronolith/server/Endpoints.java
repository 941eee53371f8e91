package org.chronolith.server;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.chronolith.network.ClientLimits;
import org.chronolith.network.Listener;
import org.chronolith.network.ListenerConfig;
import org.chronolith.network.NetworkException;
import org.chronolith.network.NetworkListener;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.OutputLimit;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.config.NetworkDirectives;
import org.chronolith.server.config.OutputBufferLimits;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses that clients connect to, and the limits that hold for them. */
final class Endpoints {
  private static final Logger LOG = LoggerFactory.getLogger(Endpoints.class);

  private static final List<String> EVERY_IPV4 = List.of("*", "0.0.0.0");
  private static final List<String> EVERY_IPV6 = List.of("::*", "::");

  private final ServerConfig config;
  private final ClientLimits limits;
  private final Consumer<OutputLimit> subscriberLimit;
  private final ClientRegistry clients;
  private final NetworkListener counters;
  private final List<Listener> listeners = new ArrayList<>();

  /**
   * @param subscriberLimit told the limit of clients that have subscribed to something
   */
  Endpoints(
      ServerConfig config,
      ClientLimits limits,
      Consumer<OutputLimit> subscriberLimit,
      ClientRegistry clients,
      NetworkListener counters) {
    this.config = config;
    this.limits = limits;
    this.subscriberLimit = subscriberLimit;
    this.clients = clients;
    this.counters = counters;
    followLimits();
    config.onChange(NetworkDirectives.MAXCLIENTS, value -> followLimits());
    config.onChange(NetworkDirectives.TIMEOUT, value -> followLimits());
    config.onChange(NetworkDirectives.PROTO_MAX_BULK_LEN, value -> followLimits());
    config.onChange(NetworkDirectives.CLIENT_QUERY_BUFFER_LIMIT, value -> followLimits());
    config.onChange(NetworkDirectives.CLIENT_OUTPUT_BUFFER_LIMIT, value -> followLimits());
  }

  private void followLimits() {
    OutputBufferLimits output = config.clientOutputBufferLimits();
    limits
        .maxClients((int) Math.min(Integer.MAX_VALUE, config.maxClients()))
        .idleTimeoutMs((int) Math.min(Integer.MAX_VALUE, config.timeoutSeconds() * 1000L))
        .maxBulkBytes(config.protoMaxBulkLenBytes())
        .queryBufferBytes(config.clientQueryBufferLimitBytes())
        .outputLimit(outputLimit(output.normal()));
    subscriberLimit.accept(outputLimit(output.pubsub()));
  }

  private static OutputLimit outputLimit(OutputBufferLimits.Limit limit) {
    return new OutputLimit(
        limit.hardBytes(),
        limit.softBytes(),
        (int) Math.min(Integer.MAX_VALUE, limit.softSeconds()));
  }

  /**
   * Listens on all addresses. Thread: not the loop's.
   *
   * @throws NetworkException if one that must be there cannot be bound
   */
  void open(NetworkLoop loop) {
    if (config.port() == 0 && config.unixSocket().isEmpty()) {
      throw new NetworkException(
          NetworkException.Severity.FATAL,
          "configured to not listen anywhere: 'port 0' and no 'unixsocket'");
    }
    ListenerConfig accept =
        new ListenerConfig(limits, config.tcpBacklog(), config.tcpKeepaliveSeconds());
    if (config.port() != 0) {
      for (String address : addresses(config.bind())) {
        boolean optional = address.startsWith("-");
        String host = optional ? address.substring(1) : address;
        try {
          listeners.add(Listener.bind(loop, host, config.port(), accept, clients, counters));
        } catch (NetworkException e) {
          if (!optional) {
            throw e;
          }
          LOG.warn("Not listening on {}: {}", host, e.getMessage());
        }
      }
    }
    config
        .unixSocket()
        .ifPresent(
            path ->
                listeners.add(
                    Listener.bindUnix(
                        loop, path, config.unixSocketPermissions(), accept, clients, counters)));
  }

  /**
   * As Redis writes them, {@code *} is every IPv4 address and {@code ::*} every IPv6 one. A socket
   * of the latter takes the former, too: if both are wanted, one serves both, and a second one
   * could not be bound.
   */
  static List<String> addresses(List<String> bind) {
    boolean every4 = bind.stream().anyMatch(address -> EVERY_IPV4.contains(bare(address)));
    boolean every6 = bind.stream().anyMatch(address -> EVERY_IPV6.contains(bare(address)));
    List<String> addresses = new ArrayList<>();
    for (String address : bind) {
      String sign = address.startsWith("-") ? "-" : "";
      if (EVERY_IPV6.contains(bare(address))) {
        if (!every4) {
          addresses.add(sign + "::");
        }
      } else if (EVERY_IPV4.contains(bare(address))) {
        addresses.add(sign + (every6 ? "*" : "0.0.0.0"));
      } else {
        addresses.add(address);
      }
    }
    return addresses;
  }

  private static String bare(String address) {
    return address.startsWith("-") ? address.substring(1) : address;
  }

  /** Accepts no more clients. Thread: not the loop's. */
  void close() {
    listeners.forEach(Listener::close);
    listeners.clear();
  }

  @Override
  public String toString() {
    List<String> all = new ArrayList<>();
    if (config.port() != 0) {
      all.add("port " + config.port());
    }
    config.unixSocket().ifPresent(path -> all.add("unix socket " + path));
    return String.join(" and ", all);
  }
}
