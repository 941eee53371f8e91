package org.chronolith.network;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Addresses as redis-server prints them. */
final class Addresses {
  private Addresses() {}

  /**
   * {@code host:port} with brackets around an IPv6 host; {@code path:0} for a unix socket, whose
   * client has no address of its own.
   */
  static String text(SocketAddress address, SocketAddress local) {
    if (address instanceof InetSocketAddress inet) {
      String host =
          inet.getAddress() == null ? inet.getHostString() : inet.getAddress().getHostAddress();
      return host.indexOf(':') >= 0
          ? "[" + host + "]:" + inet.getPort()
          : host + ":" + inet.getPort();
    }
    if (local instanceof DomainSocketAddress unix) {
      return unix.path() + ":0";
    }
    return "?:0";
  }
}
