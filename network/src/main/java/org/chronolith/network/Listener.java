package org.chronolith.network;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * Accepts client connections on one address; each is served by the loop that the listener is on.
 */
public final class Listener implements AutoCloseable {
  private static final byte[] TOO_MANY_CLIENTS =
      "-ERR max number of clients reached\r\n".getBytes(StandardCharsets.US_ASCII);

  private final NetworkLoop loop;
  private final Channel server;
  private final Path unixPath;

  private Listener(NetworkLoop loop, Channel server, Path unixPath) {
    this.loop = loop;
    this.server = server;
    this.unixPath = unixPath;
  }

  /**
   * Listens on a TCP port. Any thread but the loop's.
   *
   * @param host a name or an address; {@code *} for all, {@code 0.0.0.0} for all of IPv4
   * @param port 0 for any free one, see {@link #port}
   * @param handler for all connections
   * @throws NetworkException if the address is not free or not known
   */
  public static Listener bind(
      NetworkLoop loop,
      String host,
      int port,
      ListenerConfig config,
      ConnectionHandler handler,
      NetworkListener listener) {
    if (loop.host() != null) {
      ServerBootstrap bootstrap =
          bootstrap(loop, loop.transport().serverSocket(null), config, handler, listener);
      return new Listener(
          loop, bind(loop, bootstrap, loop.host().listening(port), host + ":" + port), null);
    }
    InetSocketAddress address = address(host, port);
    // A wildcard that has no address of its own takes every one, of IPv4 and of IPv6.
    InetAddress family = host.equals("*") ? null : address.getAddress();
    ServerBootstrap bootstrap =
        bootstrap(loop, loop.transport().serverSocket(family), config, handler, listener)
            .option(ChannelOption.SO_REUSEADDR, true);
    return new Listener(loop, bind(loop, bootstrap, address, host + ":" + port), null);
  }

  /**
   * Listens on a unix socket. Any thread but the loop's.
   *
   * @param path replaced if it exists; deleted when the listener is closed
   * @param permissions of the file in octal, as {@code 0700}; 0 to leave what the umask gives
   * @throws NetworkException if epoll is not available, or the path cannot be bound
   */
  public static Listener bindUnix(
      NetworkLoop loop,
      Path path,
      int permissions,
      ListenerConfig config,
      ConnectionHandler handler,
      NetworkListener listener) {
    ChannelFactory<ServerChannel> type = loop.transport().unixServerSocket();
    try {
      Files.deleteIfExists(path);
      Channel server =
          bind(
              loop,
              bootstrap(loop, type, config, handler, listener),
              new DomainSocketAddress(path.toFile()),
              path.toString());
      if (permissions != 0) {
        Files.setPosixFilePermissions(path, posix(permissions));
      }
      return new Listener(loop, server, path);
    } catch (IOException failure) {
      throw cannotListen(path.toString(), failure);
    }
  }

  /** The TCP port; -1 for a unix socket. */
  public int port() {
    return server.localAddress() instanceof InetSocketAddress inet ? inet.getPort() : -1;
  }

  /** Accepts no more; the connections stay. Any thread but the loop's. */
  @Override
  public void close() {
    loop.await(server.close());
    if (unixPath != null) {
      try {
        Files.deleteIfExists(unixPath);
      } catch (IOException failure) {
        throw new NetworkException(
            NetworkException.Severity.CONNECTION, "could not delete " + unixPath, failure);
      }
    }
  }

  private static ServerBootstrap bootstrap(
      NetworkLoop loop,
      ChannelFactory<ServerChannel> type,
      ListenerConfig config,
      ConnectionHandler handler,
      NetworkListener listener) {
    ServerBootstrap bootstrap = new ServerBootstrap();
    if (loop.host() == null) {
      bootstrap.option(ChannelOption.SO_BACKLOG, config.tcpBacklog());
    }
    return bootstrap
        .group(loop.eventLoop())
        .channelFactory(type)
        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .childHandler(new Accept(loop, config, handler, listener));
  }

  private static Channel bind(
      NetworkLoop loop, ServerBootstrap bootstrap, SocketAddress address, String name) {
    ChannelFuture bound = bootstrap.bind(address);
    loop.await(bound);
    if (!bound.isSuccess()) {
      throw cannotListen(name, bound.cause());
    }
    return bound.channel();
  }

  private static NetworkException cannotListen(String name, Throwable cause) {
    return new NetworkException(
        NetworkException.Severity.FATAL,
        "could not listen on " + name + ": " + cause.getMessage(),
        cause);
  }

  private static InetSocketAddress address(String host, int port) {
    if (host.equals("*")) {
      return new InetSocketAddress(port);
    }
    try {
      byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
      InetAddress address =
          literal == null ? InetAddress.getByName(host) : InetAddress.getByAddress(literal);
      return new InetSocketAddress(address, port);
    } catch (UnknownHostException unknown) {
      throw cannotListen(host + ":" + port, unknown);
    }
  }

  private static Set<PosixFilePermission> posix(int permissions) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] highestFirst = PosixFilePermission.values();
    for (int i = 0; i < highestFirst.length; i++) {
      if ((permissions & 0400 >> i) != 0) {
        set.add(highestFirst[i]);
      }
    }
    return set;
  }

  /** Makes a connection of each channel that was accepted. */
  private static final class Accept extends ChannelInitializer<Channel> {
    private final NetworkLoop loop;
    private final ListenerConfig config;
    private final ConnectionHandler handler;
    private final NetworkListener listener;

    Accept(
        NetworkLoop loop,
        ListenerConfig config,
        ConnectionHandler handler,
        NetworkListener listener) {
      this.loop = loop;
      this.config = config;
      this.handler = handler;
      this.listener = listener;
    }

    @Override
    public boolean isSharable() {
      return true;
    }

    @Override
    @SuppressWarnings("deprecation")
    protected void initChannel(Channel channel) {
      if (loop.connectionCount() >= config.limits().maxClients()) {
        listener.rejected();
        channel.pipeline().addLast(new TurnAway());
        return;
      }
      InputBuffer input = new InputBuffer(loop);
      channel.config().setRecvByteBufAllocator(input);
      // Else a client that writes and shuts its side down would be closed before its replies leave.
      channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
      if (channel instanceof SocketChannel) {
        channel.config().setOption(ChannelOption.TCP_NODELAY, true);
        loop.transport().keepalive(config.tcpKeepaliveSeconds(), channel);
      }
      loop.transport().prepare(channel, input);
      Connection connection =
          new Connection(loop, channel, input, config.limits(), listener, handler);
      channel.pipeline().addLast(new ClientChannel(loop, connection));
    }
  }

  /** Tells a client that there is no room for it. */
  private static final class TurnAway extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      context
          .writeAndFlush(Unpooled.wrappedBuffer(TOO_MANY_CLIENTS))
          .addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      // It was leaving anyway.
      context.close();
    }
  }
}
