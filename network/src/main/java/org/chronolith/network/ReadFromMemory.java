package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Stands where the kernel copies from a socket into memory: a channel within the process brings the
 * other side's buffers themselves, and {@link InputBuffer} must have the bytes in its own.
 */
final class ReadFromMemory extends ChannelInboundHandlerAdapter {
  private final InputBuffer input;

  ReadFromMemory(InputBuffer input) {
    this.input = input;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object read) {
    ByteBuf from = (ByteBuf) read;
    try {
      while (from.isReadable()) {
        ByteBuf to = input.readInto();
        to.writeBytes(from, Math.min(from.readableBytes(), to.writableBytes()));
        context.fireChannelRead(to);
      }
    } finally {
      from.release();
    }
  }
}
