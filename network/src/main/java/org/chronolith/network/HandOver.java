package org.chronolith.network;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/**
 * The way of a socket from a {@link Connection} to a {@link StreamConnection}, perhaps of another
 * loop: wait until the replies have left, take the client's handler away, deregister, register, go
 * on.
 *
 * <p>The socket is not read meanwhile, so bytes of the client stay in order: first what the
 * connection had kept, then what the kernel has.
 */
final class HandOver {
  private final Connection from;
  private final Channel channel;
  private final InputBuffer input;
  private final NetworkLoop other;
  private final StreamHandler handler;
  private boolean started;

  HandOver(
      Connection from,
      Channel channel,
      InputBuffer input,
      NetworkLoop other,
      StreamHandler handler) {
    this.from = from;
    this.channel = channel;
    this.input = input;
    this.other = other;
    this.handler = handler;
  }

  /** Called on the first loop when all replies have been given to the socket. */
  void start() {
    if (started) {
      return;
    }
    started = true;
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            flushed -> {
              // If the write failed the socket is closing, and failed() follows.
              if (flushed.isSuccess() && channel.isOpen()) {
                // Not from within the channel's own write: it has to be done with the flush.
                channel.eventLoop().execute(this::move);
              }
            });
  }

  @SuppressWarnings("deprecation")
  private void move() {
    if (!channel.isOpen()) {
      return;
    }
    StreamConnection stream = new StreamConnection(other, handler, input);
    from.detached();
    StreamChannel streamChannel = new StreamChannel(stream);
    channel.pipeline().removeLast();
    if (other.inLoop()) {
      channel.pipeline().addLast(streamChannel);
      stream.attached(channel);
      return;
    }
    channel
        .deregister()
        .addListener(
            deregistered -> {
              input.moveTo(other);
              channel.pipeline().addLast(streamChannel);
              other
                  .eventLoop()
                  .register(channel)
                  .addListener(registered -> arrived(stream, (ChannelFuture) registered));
            });
  }

  private void arrived(StreamConnection stream, ChannelFuture registered) {
    if (registered.isSuccess()) {
      other.execute(() -> stream.attached(channel));
    } else {
      channel.unsafe().closeForcibly();
      other.execute(() -> stream.ended(registered.cause()));
    }
  }

  /** The client went away, or something failed, before the socket moved. */
  void failed(Throwable cause) {
    if (!started || !from.isDetached()) {
      started = true;
      StreamConnection stream = new StreamConnection(other, handler, new InputBuffer(other));
      other.execute(() -> stream.ended(cause));
    }
  }
}
