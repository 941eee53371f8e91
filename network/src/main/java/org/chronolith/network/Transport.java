package org.chronolith.network;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.SocketOption;
import java.nio.channels.spi.SelectorProvider;
import java.util.function.BiConsumer;
import jdk.net.ExtendedSocketOptions;

/** Which of the kernel's interfaces a loop uses, and the channel classes that go with it. */
enum Transport {
  EPOLL,
  NIO,
  /** No sockets at all: within the process, see {@link MemoryHost}. */
  MEMORY;

  static Transport choose(boolean preferNative) {
    return preferNative && Epoll.isAvailable() ? EPOLL : NIO;
  }

  IoHandlerFactory ioHandlerFactory() {
    return switch (this) {
      case EPOLL -> EpollIoHandler.newFactory();
      case NIO -> NioIoHandler.newFactory();
      case MEMORY -> LocalIoHandler.newFactory();
    };
  }

  /**
   * A socket to listen with.
   *
   * @param address of IPv4, for a socket that takes nothing else, as one of IPv6 would on a
   *     wildcard; null for any
   */
  ChannelFactory<ServerChannel> serverSocket(InetAddress address) {
    if (this == MEMORY) {
      return LocalServerChannel::new;
    }
    if (address instanceof Inet4Address) {
      return this == EPOLL
          ? () -> new EpollServerSocketChannel(SocketProtocolFamily.INET)
          : () ->
              new NioServerSocketChannel(SelectorProvider.provider(), SocketProtocolFamily.INET);
    }
    return this == EPOLL ? EpollServerSocketChannel::new : NioServerSocketChannel::new;
  }

  ChannelFactory<ServerChannel> unixServerSocket() {
    if (this == EPOLL) {
      return EpollServerDomainSocketChannel::new;
    }
    throw new NetworkException(
        NetworkException.Severity.FATAL,
        "unix sockets need epoll, which is not available: " + Epoll.unavailabilityCause());
  }

  Class<? extends Channel> socket() {
    return switch (this) {
      case EPOLL -> EpollSocketChannel.class;
      case NIO -> NioSocketChannel.class;
      case MEMORY -> LocalChannel.class;
    };
  }

  /** Has {@code input} see what comes as if it were read from a socket. */
  @SuppressWarnings("deprecation")
  void prepare(Channel channel, InputBuffer input) {
    if (this == MEMORY) {
      // Not into the input's own buffer, from which the handler would then copy to itself.
      channel
          .config()
          .setRecvByteBufAllocator(
              new FixedRecvByteBufAllocator(NetworkLoop.READ_BYTES).maxMessagesPerRead(1));
      channel.pipeline().addLast(new MemorySocket(input));
    }
  }

  /**
   * Keep-alive as redis-server sets it: first probe after {@code seconds}, then three, a third of
   * that apart.
   */
  void keepalive(int seconds, Channel channel) {
    if (seconds <= 0 || this == MEMORY) {
      return;
    }
    int intervalSeconds = Math.max(1, seconds / 3);
    channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
    if (this == EPOLL) {
      channel.config().setOption(EpollChannelOption.TCP_KEEPIDLE, seconds);
      channel.config().setOption(EpollChannelOption.TCP_KEEPINTVL, intervalSeconds);
      channel.config().setOption(EpollChannelOption.TCP_KEEPCNT, 3);
    } else {
      BiConsumer<SocketOption<Integer>, Integer> set =
          (option, value) -> channel.config().setOption(NioChannelOption.of(option), value);
      set.accept(ExtendedSocketOptions.TCP_KEEPIDLE, seconds);
      set.accept(ExtendedSocketOptions.TCP_KEEPINTERVAL, intervalSeconds);
      set.accept(ExtendedSocketOptions.TCP_KEEPCOUNT, 3);
    }
  }
}
