package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;

/**
 * Stands where the kernel copies between sockets and memory: a channel within the process brings
 * the other side's buffers themselves, and {@link InputBuffer} must have the bytes in its own; and
 * whoever sends a file closes it when it was given away.
 */
final class MemorySocket extends ChannelDuplexHandler {
  private final InputBuffer input;

  MemorySocket(InputBuffer input) {
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

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (!(message instanceof FileRegion region)) {
      context.write(message, promise);
      return;
    }
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      WritableByteChannel out = Channels.newChannel(bytes);
      while (region.transferred() < region.count()) {
        if (region.transferTo(out, region.transferred()) <= 0) {
          throw new IOException("the file ends before the region does");
        }
      }
      context.write(context.alloc().buffer().writeBytes(bytes.toByteArray()), promise);
    } catch (IOException e) {
      promise.setFailure(e);
    } finally {
      region.release();
    }
  }
}
