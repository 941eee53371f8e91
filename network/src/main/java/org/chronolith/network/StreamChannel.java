package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Brings a channel's events to its {@link StreamConnection}. */
final class StreamChannel extends ChannelInboundHandlerAdapter {
  private final StreamConnection stream;

  StreamChannel(StreamConnection stream) {
    this.stream = stream;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    stream.received((ByteBuf) read);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (context.channel().isWritable()) {
      stream.becameWritable();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    stream.ended(null);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    stream.failed(cause);
  }
}
