package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;

/**
 * Brings a channel's events to its {@link Connection}. It is the only handler of the pipeline; one
 * for TLS would stand before it.
 */
final class ClientChannel extends ChannelInboundHandlerAdapter {
  private final NetworkLoop loop;
  private final Connection connection;

  ClientChannel(NetworkLoop loop, Connection connection) {
    this.loop = loop;
    this.connection = connection;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    connection.opened();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    connection.received((ByteBuf) read);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      connection.inputEnded();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    connection.socketClosed();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // A reset by the other side is an ordinary end.
    if (!(cause instanceof IOException)) {
      loop.failed(cause);
    }
    context.close();
  }
}
