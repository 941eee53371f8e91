package org.chronolith.network;

/**
 * How clients are accepted.
 *
 * @param limits shared by all connections of the listener
 * @param tcpBacklog connections that the kernel keeps until they are accepted (tcp-backlog)
 * @param tcpKeepaliveSeconds idle time before the kernel probes the other side; 0 = no probes
 */
public record ListenerConfig(ClientLimits limits, int tcpBacklog, int tcpKeepaliveSeconds) {
  /** redis-server's defaults. */
  public static ListenerConfig defaults() {
    return new ListenerConfig(new ClientLimits(), 511, 300);
  }
}
