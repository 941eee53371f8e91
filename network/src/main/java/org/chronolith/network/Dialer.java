package org.chronolith.network;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/** Makes outgoing connections. */
public final class Dialer {
  private static final int KEEPALIVE_SECONDS = 300;

  private Dialer() {}

  /**
   * Connects to {@code host}, a name or an address. The handler's {@code connected} or {@code
   * closed} is called on {@code loop}. A name is resolved on a thread of its own, since that may
   * take long. Any thread.
   *
   * @param timeoutMs for the connection to be made, without the resolution of the name
   * @return the connection to be; closing it gives the attempt up
   */
  public static StreamConnection connect(
      NetworkLoop loop, String host, int port, int timeoutMs, StreamHandler handler) {
    StreamConnection stream = new StreamConnection(loop, handler, new InputBuffer(loop));
    if (loop.host() != null) {
      loop.execute(() -> dial(stream, loop.host().dialing(host, port), timeoutMs));
      return stream;
    }
    byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
    if (address != null) {
      loop.execute(() -> dial(stream, resolved(address, port), timeoutMs));
      return stream;
    }
    Thread resolver =
        new Thread(
            () -> {
              try {
                InetSocketAddress found = new InetSocketAddress(InetAddress.getByName(host), port);
                loop.execute(() -> dial(stream, found, timeoutMs));
              } catch (UnknownHostException unknown) {
                loop.execute(() -> stream.ended(unknown));
              }
            },
            "resolve-" + host);
    resolver.setDaemon(true);
    resolver.start();
    return stream;
  }

  private static InetSocketAddress resolved(byte[] address, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException wrongLength) {
      throw new IllegalArgumentException(wrongLength);
    }
  }

  private static void dial(StreamConnection stream, SocketAddress address, int timeoutMs) {
    if (stream.isCloseRequested()) {
      // Given up while the name was being resolved.
      stream.ended(null);
      return;
    }
    NetworkLoop loop = stream.loop();
    Bootstrap bootstrap = new Bootstrap();
    if (address instanceof InetSocketAddress) {
      bootstrap.option(ChannelOption.TCP_NODELAY, true);
    }
    bootstrap
        .group(loop.eventLoop())
        .channel(loop.transport().socket())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMs)
        .option(ChannelOption.AUTO_READ, false)
        .option(ChannelOption.RECVBUF_ALLOCATOR, stream.input())
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                loop.transport().prepare(channel, stream.input());
                channel.pipeline().addLast(new StreamChannel(stream));
              }
            })
        .connect(address)
        .addListener(
            connected -> {
              if (connected.isSuccess()) {
                Channel channel = ((ChannelFuture) connected).channel();
                loop.transport().keepalive(KEEPALIVE_SECONDS, channel);
                stream.attached(channel);
              } else {
                stream.ended(connected.cause());
              }
            });
  }
}
