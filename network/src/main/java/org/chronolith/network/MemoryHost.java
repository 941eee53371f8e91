package org.chronolith.network;

import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/**
 * A machine that exists in memory only, for simulations: its loops have no thread and are run by
 * whoever made it, its clock is what that says, and its sockets lead to addresses of this process
 * that somebody between the machines must listen on.
 *
 * <p>Thread: the one that made it.
 */
public final class MemoryHost {
  private final String name;
  private final LoopClock clock;
  private final Thread thread = Thread.currentThread();

  /**
   * @param name unique in this process
   */
  public MemoryHost(String name, LoopClock clock) {
    this.name = name;
    this.clock = clock;
  }

  LoopClock clock() {
    return clock;
  }

  /** Where a listener of this machine can be reached. */
  public LocalAddress listening(int port) {
    return new LocalAddress(name + " at " + port);
  }

  /** Where this machine's connections to {@code host} arrive. */
  public LocalAddress dialing(String host, int port) {
    return new LocalAddress(name + " to " + host + ":" + port);
  }

  Loop newLoop() {
    return new Loop(thread, clock);
  }

  /** Runs when it is told to, and says when it next wants to. */
  static final class Loop extends ManualIoEventLoop {
    Loop(Thread thread, LoopClock clock) {
      super(null, thread, LocalIoHandler.newFactory(), new ClockTicker(clock));
    }

    /** Ends it when it is run next: by its own clock a graceful end would take for ever. */
    @SuppressWarnings("deprecation")
    Future<?> end() {
      shutdown();
      return terminationFuture();
    }

    /** On the clock's {@link LoopClock#nanos}; -1 if nothing is scheduled. */
    long nextNanos() {
      return nextScheduledTaskNano() < 0 ? -1 : ticker().nanoTime() + nextScheduledTaskNano();
    }
  }

  private record ClockTicker(LoopClock clock) implements Ticker {
    @Override
    public long initialNanoTime() {
      return 0;
    }

    @Override
    public long nanoTime() {
      return clock.nanos();
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
      throw new UnsupportedOperationException("nobody waits in a simulation");
    }
  }
}
