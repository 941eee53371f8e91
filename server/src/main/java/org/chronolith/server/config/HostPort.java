package org.chronolith.server.config;

/** A host name or address, and a TCP port. */
public record HostPort(String host, int port) {
  @Override
  public String toString() {
    return host + " " + port;
  }
}
