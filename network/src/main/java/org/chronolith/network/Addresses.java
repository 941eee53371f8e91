package org.chronolith.network;

import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/** Addresses as redis-server prints them. */
public final class Addresses {
  private Addresses() {}

  /**
   * Whether two hosts are the same one: the same address, however it is written, or the same name.
   */
  public static boolean isSameHost(String one, String other) {
    byte[] address = NetUtil.createByteArrayFromIpAddressString(one);
    byte[] otherAddress = NetUtil.createByteArrayFromIpAddressString(other);
    return address == null || otherAddress == null
        ? one.equalsIgnoreCase(other)
        : text(address).equals(text(otherAddress));
  }

  /** {@code host:port} with brackets around an IPv6 host. */
  public static String text(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /**
   * {@code host:port} with brackets around an IPv6 host; {@code path:0} for a unix socket, whose
   * client has no address of its own.
   */
  static String text(SocketAddress address, SocketAddress local) {
    if (address instanceof InetSocketAddress inet) {
      String host =
          inet.getAddress() == null ? inet.getHostString() : text(inet.getAddress().getAddress());
      return text(host, inet.getPort());
    }
    if (local instanceof DomainSocketAddress unix) {
      return unix.path() + ":0";
    }
    return "?:0";
  }

  /**
   * As {@code inet_ntop} has it, {@code ::1}: without a scope, which is of this machine. What comes
   * by IPv4 to a socket of both is of IPv4.
   */
  private static String text(byte[] address) {
    try {
      return NetUtil.toAddressString(InetAddress.getByAddress(address));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(address.length + " bytes are no address", e);
    }
  }
}
