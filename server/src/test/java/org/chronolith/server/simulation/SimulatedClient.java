package org.chronolith.server.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A client of one node. Replies are strings: an error begins with {@code -}, null is null, and an
 * array is its elements joined by spaces.
 */
final class SimulatedClient extends ChannelInboundHandlerAdapter {
  private final ArrayDeque<Consumer<String>> waiting = new ArrayDeque<>();
  private final List<byte[]> early = new ArrayList<>();
  private final ByteBuf input = Unpooled.buffer();
  private Channel channel;
  private boolean closed;

  /** Connects; what is sent meanwhile follows. */
  static SimulatedClient of(Wires wires, int node) {
    SimulatedClient client = new SimulatedClient();
    ChannelFuture connecting = wires.connect(node, client);
    connecting.addListener(
        done -> {
          if (!done.isSuccess()) {
            client.lost();
          }
        });
    return client;
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Sends a command.
   *
   * @param reply gets {@code "closed"} if there will be none
   */
  void send(Consumer<String> reply, String... words) {
    if (closed) {
      reply.accept("closed");
      return;
    }
    StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    waiting.add(reply);
    byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
    if (channel == null) {
      early.add(bytes);
    } else {
      channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }
  }

  void close() {
    if (channel != null) {
      channel.close();
    }
    lost();
  }

  private void lost() {
    closed = true;
    while (!waiting.isEmpty()) {
      waiting.poll().accept("closed");
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context.channel();
    if (closed) {
      channel.close();
      return;
    }
    for (byte[] bytes : early) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }
    early.clear();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (closed) {
      Wires.bytesOf(message);
      return;
    }
    input.writeBytes(Wires.bytesOf(message));
    while (true) {
      input.markReaderIndex();
      Object reply = parse();
      if (reply == INCOMPLETE) {
        input.resetReaderIndex();
        break;
      }
      if (!waiting.isEmpty()) {
        waiting.poll().accept((String) reply);
      }
    }
    input.discardReadBytes();
  }

  private static final Object INCOMPLETE = new Object();

  private Object parse() {
    int length = input.bytesBefore((byte) '\n');
    if (length < 0) {
      return INCOMPLETE;
    }
    String line =
        input.readCharSequence(length + 1, StandardCharsets.ISO_8859_1).toString().strip();
    switch (line.charAt(0)) {
      case '$' -> {
        int bytes = Integer.parseInt(line.substring(1));
        if (bytes < 0) {
          return null;
        }
        if (input.readableBytes() < bytes + 2) {
          return INCOMPLETE;
        }
        String text = input.readCharSequence(bytes, StandardCharsets.ISO_8859_1).toString();
        input.skipBytes(2);
        return text;
      }
      case '*' -> {
        StringBuilder all = new StringBuilder();
        int count = Integer.parseInt(line.substring(1));
        for (int i = 0; i < count; i++) {
          Object element = parse();
          if (element == INCOMPLETE) {
            return INCOMPLETE;
          }
          all.append(i == 0 ? "" : " ").append(element);
        }
        return all.toString();
      }
      case '-' -> {
        return line;
      }
      default -> {
        return line.substring(1);
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    lost();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
  }
}
