package org.chronolith.network;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Serves one text over HTTP: {@code GET path}. For metrics, so it is small: a few connections at a
 * time, requests without a body, idle ones closed.
 */
public final class HttpTextEndpoint implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 16;
  private static final int MAX_BODY_BYTES = 1024;
  private static final int IDLE_SECONDS = 60;

  private final Channel server;

  private HttpTextEndpoint(Channel server) {
    this.server = server;
  }

  /**
   * Starts serving. Any thread but the loop's.
   *
   * @param host the address to listen on, as a rule the loopback
   * @param port 0 for any free one, see {@link #port}
   * @param path such as {@code /metrics}
   * @param contentType of the text
   * @param text called on the loop's thread for each request
   * @throws NetworkException if the port is not free
   */
  public static HttpTextEndpoint bind(
      NetworkLoop loop,
      String host,
      int port,
      String path,
      String contentType,
      Supplier<String> text) {
    AtomicInteger connections = new AtomicInteger();
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop.eventLoop())
            .channelFactory(loop.transport().serverSocket(null))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (connections.incrementAndGet() > MAX_CONNECTIONS) {
                      connections.decrementAndGet();
                      channel.close();
                      return;
                    }
                    channel.closeFuture().addListener(closed -> connections.decrementAndGet());
                    channel
                        .pipeline()
                        .addLast(
                            new ReadTimeoutHandler(IDLE_SECONDS),
                            new HttpServerCodec(),
                            new HttpObjectAggregator(MAX_BODY_BYTES),
                            new Responder(loop, path, contentType, text));
                  }
                })
            .bind(new InetSocketAddress(host, port))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new NetworkException(
          NetworkException.Severity.FATAL,
          "could not listen on " + host + ":" + port + ": " + bound.cause().getMessage(),
          bound.cause());
    }
    return new HttpTextEndpoint(bound.channel());
  }

  /** The TCP port. */
  public int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** Accepts no more. Any thread but the loop's. */
  @Override
  public void close() {
    server.close().awaitUninterruptibly();
  }

  private static final class Responder extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final NetworkLoop loop;
    private final String path;
    private final String contentType;
    private final Supplier<String> text;

    Responder(NetworkLoop loop, String path, String contentType, Supplier<String> text) {
      this.loop = loop;
      this.path = path;
      this.contentType = contentType;
      this.text = text;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
      boolean keepAlive = HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
      FullHttpResponse response = answer(context, request);
      response
          .headers()
          .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
          .set(
              HttpHeaderNames.CONNECTION,
              keepAlive ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
      ChannelFuture written = context.writeAndFlush(response);
      if (!keepAlive) {
        written.addListener(ChannelFutureListener.CLOSE);
      }
    }

    private FullHttpResponse answer(ChannelHandlerContext context, FullHttpRequest request) {
      if (!request.decoderResult().isSuccess()) {
        return response(context, HttpResponseStatus.BAD_REQUEST, "bad request\n", "text/plain");
      }
      if (!request.method().equals(HttpMethod.GET)) {
        return response(context, HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET\n", "text/plain");
      }
      if (!new QueryStringDecoder(request.uri()).path().equals(path)) {
        return response(context, HttpResponseStatus.NOT_FOUND, "try " + path + "\n", "text/plain");
      }
      return response(context, HttpResponseStatus.OK, text.get(), contentType);
    }

    private static FullHttpResponse response(
        ChannelHandlerContext context, HttpResponseStatus status, String body, String type) {
      ByteBuf content = ByteBufUtil.writeUtf8(context.alloc(), body);
      FullHttpResponse response =
          new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
      return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (cause instanceof RuntimeException) {
        loop.failed(cause);
      }
      context.close();
    }
  }
}
