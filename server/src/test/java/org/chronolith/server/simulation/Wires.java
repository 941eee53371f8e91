package org.chronolith.server.simulation;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.chronolith.network.LoopClock;
import org.chronolith.network.MemoryHost;

/**
 * The network between the nodes: every connection from one to another passes through here, where
 * its bytes are late, cut in pieces anywhere, or lost with the connection, of which the two ends
 * may learn at different times.
 */
final class Wires {
  private static final int LARGEST_PIECE_BYTES = 32 << 10;
  private static final long MS = 1_000_000;

  /** How a connection ends. */
  enum Cut {
    BOTH,
    /** The other side finds out much later. */
    DIALER_ONLY,
    LISTENER_ONLY
  }

  private final Timeline time;
  private final RandomGenerator random;
  private final Journal journal;
  private final ManualIoEventLoop loop;
  private final List<Wire> wires = new ArrayList<>();
  private final boolean[][] blocked;
  private final MemoryHost[] hosts;
  private final List<Channel> listeners = new ArrayList<>();

  Wires(Timeline time, RandomGenerator random, Journal journal, MemoryHost[] hosts) {
    this.journal = journal;
    this.time = time;
    this.random = random;
    this.hosts = hosts;
    blocked = new boolean[hosts.length][hosts.length];
    loop =
        new ManualIoEventLoop(
            null, Thread.currentThread(), LocalIoHandler.newFactory(), new TimelineTicker(time));
    for (int from = 0; from < hosts.length; from++) {
      for (int to = 0; to < hosts.length; to++) {
        if (from != to) {
          listen(from, to);
        }
      }
    }
    runNow();
  }

  private record TimelineTicker(LoopClock time) implements Ticker {
    @Override
    public long initialNanoTime() {
      return 0;
    }

    @Override
    public long nanoTime() {
      return time.nanos();
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
      throw new UnsupportedOperationException("nobody waits in a simulation");
    }
  }

  private void listen(int from, int to) {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(LocalServerChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    accepted(from, to, channel);
                  }
                })
            .bind(hosts[from].dialing("127.0.0.1", Node.port(to)));
    listeners.add(bound.channel());
  }

  int runNow() {
    return loop.runNow();
  }

  /** Nothing passes between the two any more; what is connected is cut, or just falls silent. */
  void block(int one, int other, boolean silently) {
    blocked[one][other] = true;
    blocked[other][one] = true;
    if (!silently) {
      cut(one, other);
    }
  }

  void unblock(int one, int other) {
    blocked[one][other] = false;
    blocked[other][one] = false;
    for (Wire wire : List.copyOf(wires)) {
      if (wire.joins(one, other) && wire.stalled) {
        // What was lost meanwhile is not repeated for ever.
        wire.cut(Cut.BOTH);
      }
    }
  }

  boolean isBlocked(int one, int other) {
    return blocked[one][other];
  }

  /** Cuts what connects the two, in the middle of whatever is on its way. */
  void cut(int one, int other) {
    for (Wire wire : List.copyOf(wires)) {
      if (wire.joins(one, other)) {
        wire.cut(Cut.values()[random.nextInt(Cut.values().length)]);
      }
    }
  }

  /**
   * A process has ended: nothing comes from it any more. What it had sent arrives, unless its
   * machine went with it; then the others learn of it late.
   */
  void died(int node, boolean machine) {
    for (Wire wire : List.copyOf(wires)) {
      if (wire.from == node || wire.to == node) {
        wire.endDied(wire.from == node, machine);
      }
    }
  }

  @SuppressWarnings("deprecation")
  void close() {
    for (Wire wire : List.copyOf(wires)) {
      wire.cut(Cut.BOTH);
    }
    listeners.forEach(Channel::close);
    loop.runNow();
    loop.shutdown();
    for (int i = 0; i < 100 && !loop.isTerminated(); i++) {
      loop.runNow();
    }
  }

  private void accepted(int from, int to, Channel dialer) {
    Wire wire = new Wire(from, to, dialer);
    wires.add(wire);
    dialer.pipeline().addLast(new End(wire, true));
    if (blocked[from][to]) {
      wire.stalled = true;
      if (random.nextBoolean()) {
        time.after(MS, () -> wire.cut(Cut.BOTH));
      }
      return;
    }
    long delay = delayNanos();
    time.after(delay, () -> wire.dial(hosts[to].listening(Node.port(to))));
  }

  private long delayNanos() {
    return random.nextInt(50) == 0 ? random.nextLong(300 * MS) : random.nextLong(MS / 10, 5 * MS);
  }

  /** A client of the test, next to the node: nothing is in between. */
  ChannelFuture connect(int node, ChannelInboundHandlerAdapter handler) {
    return new Bootstrap()
        .group(loop)
        .channel(LocalChannel.class)
        .handler(handler)
        .connect(hosts[node].listening(Node.port(node)));
  }

  /** The bytes of what a node has written, which is released. */
  static byte[] bytesOf(Object message) {
    ByteBuf bytes = (ByteBuf) message;
    byte[] copy = new byte[bytes.readableBytes()];
    bytes.getBytes(bytes.readerIndex(), copy);
    bytes.release();
    return copy;
  }

  /** One connection. */
  private final class Wire {
    private final int from;
    private final int to;
    private final Channel dialer;
    private Channel listener;
    private boolean stalled;
    private boolean lost;
    private boolean dialerDead;
    private boolean listenerDead;
    private long toListenerNanos;
    private long toDialerNanos;
    private final List<byte[]> early = new ArrayList<>();

    Wire(int from, int to, Channel dialer) {
      this.from = from;
      this.to = to;
      this.dialer = dialer;
    }

    boolean joins(int one, int other) {
      return from == one && to == other || from == other && to == one;
    }

    void dial(LocalAddress address) {
      if (lost) {
        return;
      }
      new Bootstrap()
          .group(loop)
          .channel(LocalChannel.class)
          .handler(new End(this, false))
          .connect(address)
          .addListener(
              connected -> {
                if (!connected.isSuccess()) {
                  cut(Cut.BOTH);
                  return;
                }
                listener = ((ChannelFuture) connected).channel();
                for (byte[] bytes : early) {
                  carry(true, bytes);
                }
                early.clear();
              });
    }

    /** Bytes come from one end. */
    void sent(boolean byDialer, byte[] bytes) {
      if (lost || (byDialer ? dialerDead : listenerDead)) {
        return;
      }
      if (blocked[from][to]) {
        stalled = true;
        return;
      }
      if (byDialer && listener == null) {
        early.add(bytes);
        return;
      }
      carry(byDialer, bytes);
    }

    private void carry(boolean byDialer, byte[] bytes) {
      for (int at = 0; at < bytes.length; ) {
        int most = Math.min(LARGEST_PIECE_BYTES, bytes.length - at);
        int length = random.nextInt(8) == 0 ? 1 + random.nextInt(most) : most;
        byte[] piece = Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        time.at(arrivalNanos(byDialer), () -> arrive(byDialer, piece));
      }
    }

    private long arrivalNanos(boolean byDialer) {
      long nanos = time.nanos() + delayNanos();
      if (byDialer) {
        toListenerNanos = Math.max(toListenerNanos + 1, nanos);
        return toListenerNanos;
      }
      toDialerNanos = Math.max(toDialerNanos + 1, nanos);
      return toDialerNanos;
    }

    private void arrive(boolean byDialer, byte[] piece) {
      Channel target = byDialer ? listener : dialer;
      if (!lost && !stalled && target != null && target.isActive()) {
        journal.add("piece", from, to, byDialer ? 1 : 0, piece.length);
        target.writeAndFlush(Unpooled.wrappedBuffer(piece));
      }
    }

    /** One end was closed by its node: the other learns of it when what was sent has arrived. */
    void closed(boolean byDialer) {
      if (byDialer ? dialerDead : listenerDead) {
        return;
      }
      time.at(arrivalNanos(byDialer), () -> closeEnd(!byDialer));
    }

    private void closeEnd(boolean ofDialer) {
      Channel end = ofDialer ? dialer : listener;
      if (end != null) {
        end.close();
      }
      if (!dialer.isOpen() && (listener == null || !listener.isOpen())) {
        lost = true;
        wires.remove(this);
      }
    }

    void cut(Cut how) {
      lost = true;
      long late = random.nextLong(1_000 * MS, 15_000 * MS);
      if (how == Cut.LISTENER_ONLY) {
        time.after(late, () -> closeEnd(true));
      } else {
        closeEnd(true);
      }
      if (how == Cut.DIALER_ONLY) {
        time.after(late, () -> closeEnd(false));
      } else {
        closeEnd(false);
      }
    }

    void endDied(boolean dialersEnd, boolean machine) {
      if (dialersEnd) {
        dialerDead = true;
      } else {
        listenerDead = true;
      }
      if (machine && random.nextBoolean()) {
        lost = true;
        time.after(random.nextLong(1_000 * MS, 15_000 * MS), () -> closeEnd(!dialersEnd));
      } else {
        time.at(arrivalNanos(dialersEnd), () -> closeEnd(!dialersEnd));
      }
      closeEnd(dialersEnd);
    }
  }

  /** One end of a connection. */
  private static final class End extends ChannelInboundHandlerAdapter {
    private final Wire wire;
    private final boolean dialer;

    End(Wire wire, boolean dialer) {
      this.wire = wire;
      this.dialer = dialer;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      wire.sent(dialer, bytesOf(message));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      wire.closed(dialer);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
