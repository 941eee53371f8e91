package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that waits for sockets, reads them, calls their handlers and writes their replies.
 *
 * <p><b>Turns.</b> One iteration over the sockets that are ready is a turn. Each socket is read
 * once in a turn, so that a client that pipelines cannot starve the others. When all have been read
 * (or earlier, when {@value #TURN_BYTES} bytes have been, so that a turn stays short), the
 * end-of-turn hooks run, and after them the replies of each connection that has any leave with one
 * write.
 *
 * <p>Methods are for the loop's own thread unless they say otherwise.
 */
public final class NetworkLoop implements Executor, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkLoop.class);

  /** Input after which a turn ends although more sockets are ready. */
  static final int TURN_BYTES = 4 << 20;

  /** Most bytes read from one socket at a time, unless a large argument is being received. */
  static final int READ_BYTES = 64 << 10;

  /** Tasks may not keep the loop from its sockets for longer. */
  private static final int TASK_QUANTUM_MS = 10;

  private static final int HOUSEKEEPING_MS = 1000;
  private static final int CLOSE_TIMEOUT_MS = 10_000;

  /** What is to be done on a loop without a thread is done after so many runs, or never. */
  private static final int MOST_RUNS = 1_000;

  private final IoEventLoop eventLoop;
  private final Transport transport;
  private final LoopClock clock;

  /** Null for a loop with a thread of its own. */
  private final MemoryHost host;

  private final Connections connections = new Connections();
  private final Set<StreamConnection> streams = new LinkedHashSet<>();
  private final ByteBuf readBuffer;
  private final List<Runnable> endOfTurnHooks = new ArrayList<>();
  private final List<Connection> dirty = new ArrayList<>();
  private final List<Connection> resumed = new ArrayList<>();
  private final Runnable endOfTurnTask = this::endOfTurnTask;
  private final Runnable resumeTask = this::resumeTask;
  private volatile Consumer<Throwable> uncaught;
  private volatile Thread thread;

  /** Of a loop without a thread: it is being run. */
  private boolean running;

  private boolean endOfTurnRequested;
  private boolean endOfTurnQueued;
  private boolean resumeQueued;
  private int turnBytes;

  /**
   * Starts the thread.
   *
   * @param threadName its name
   * @param preferNative epoll where it is available, else NIO
   */
  public NetworkLoop(String threadName, boolean preferNative) {
    this(threadName, Transport.choose(preferNative), LoopClock.SYSTEM, null);
  }

  /** A loop without a thread, on a machine in memory: {@link #runNow} runs it. */
  public NetworkLoop(String name, MemoryHost host) {
    this(name, Transport.MEMORY, host.clock(), host);
  }

  private NetworkLoop(String name, Transport transport, LoopClock clock, MemoryHost host) {
    this.transport = transport;
    this.clock = clock;
    this.host = host;
    this.uncaught = failure -> LOG.error("Uncaught failure on the {} loop", name, failure);
    this.eventLoop = host == null ? threaded(name) : host.newLoop();
    this.readBuffer = PooledByteBufAllocator.DEFAULT.directBuffer(READ_BYTES, READ_BYTES);
    every(() -> connections.housekeeping(clock.wallMs()), HOUSEKEEPING_MS);
  }

  private IoEventLoop threaded(String threadName) {
    ThreadFactory threads = task -> thread = new FastThreadLocalThread(task, threadName);
    return new SingleThreadIoEventLoop(
        null,
        threads,
        transport.ioHandlerFactory(),
        Integer.MAX_VALUE,
        RejectedExecutionHandlers.reject(),
        TASK_QUANTUM_MS);
  }

  /** What time it is here. Any thread. */
  public LoopClock clock() {
    return clock;
  }

  /**
   * Does all that is due. REQUIRES: the loop has no thread of its own.
   *
   * @return how much that was; 0 if nothing was due
   */
  public int runNow() {
    running = true;
    try {
      return ((MemoryHost.Loop) eventLoop).runNow();
    } finally {
      running = false;
    }
  }

  /**
   * When {@link #runNow} has something to do, if nothing comes before: on {@link LoopClock#nanos};
   * -1 if there is nothing. REQUIRES: the loop has no thread of its own.
   */
  public long nextNanos() {
    return ((MemoryHost.Loop) eventLoop).nextNanos();
  }

  /** Whether the caller runs on this loop's thread. Any thread. */
  public boolean inLoop() {
    return host == null ? eventLoop.inEventLoop() : running;
  }

  /** Whether sockets are served by epoll (else by NIO). Any thread. */
  public boolean isNative() {
    return transport == Transport.EPOLL;
  }

  /** Runs {@code task} on the loop's thread, after what was given before. Any thread. */
  @Override
  public void execute(Runnable task) {
    eventLoop.execute(() -> guarded(task));
  }

  /** Runs {@code task} once, {@code delayMs} milliseconds from now. Any thread. */
  public Scheduled schedule(Runnable task, long delayMs) {
    return cancelling(eventLoop.schedule(() -> guarded(task), delayMs, TimeUnit.MILLISECONDS));
  }

  /**
   * Runs {@code task} every {@code periodMs} milliseconds, counted from the end of one run to the
   * start of the next. Any thread.
   */
  public Scheduled every(Runnable task, long periodMs) {
    return cancelling(
        eventLoop.scheduleWithFixedDelay(
            () -> guarded(task), periodMs, periodMs, TimeUnit.MILLISECONDS));
  }

  private static Scheduled cancelling(Future<?> future) {
    return () -> future.cancel(false);
  }

  /**
   * Adds a hook that runs once at the end of each turn in which {@link #requestEndOfTurn} was
   * called or a reply was written; before the replies of the turn leave.
   */
  public void onEndOfTurn(Runnable hook) {
    if (inLoop()) {
      endOfTurnHooks.add(hook);
    } else {
      execute(() -> endOfTurnHooks.add(hook));
    }
  }

  /** Asks for the end-of-turn hooks after this turn's sockets have been read. */
  public void requestEndOfTurn() {
    endOfTurnRequested = true;
    if (!endOfTurnQueued) {
      endOfTurnQueued = true;
      // What is submitted while sockets are read runs when all that were ready have been.
      eventLoop.execute(endOfTurnTask);
    }
  }

  /**
   * Lets replies leave that were held until an offset of at most {@code offset}. Offsets only grow;
   * a smaller one is ignored.
   *
   * @see Connection#holdUntil
   */
  public void release(long offset) {
    connections.release(offset);
  }

  /**
   * Closes the connections whose replies are held, without sending these: what they wait for will
   * never be. Thread: this loop.
   */
  public void closeHolding() {
    connections.closeHolding();
  }

  /**
   * Offsets begin anew, perhaps below those released so far: another stream is served. REQUIRES:
   * nothing is held.
   */
  public void restartOffsets() {
    connections.restartOffsets();
  }

  /** Number of client connections on this loop. */
  public int connectionCount() {
    return connections.size();
  }

  /** The client connection with this id, or null. */
  public Connection connection(long id) {
    return connections.get(id);
  }

  /** Calls {@code action} for each client connection, oldest first; it may close them. */
  public void forEachConnection(Consumer<Connection> action) {
    connections.forEach(action);
  }

  /**
   * Says who learns of an exception that a task, a hook or a handler let out; the loop goes on
   * after it. The default logs. Any thread.
   */
  public void onUncaught(Consumer<Throwable> consumer) {
    this.uncaught = consumer;
  }

  /**
   * Closes the sockets, tells their handlers, and ends the thread; waits for that unless called on
   * the loop itself. Any thread.
   */
  @Override
  public void close() {
    if (eventLoop.isShuttingDown()) {
      return;
    }
    execute(this::closeSockets);
    Future<?> ended;
    if (eventLoop instanceof MemoryHost.Loop loop) {
      runNow();
      ended = loop.end();
    } else {
      ended = eventLoop.shutdownGracefully(0, CLOSE_TIMEOUT_MS / 2, TimeUnit.MILLISECONDS);
    }
    if (inLoop()) {
      ended.addListener(done -> readBuffer.release());
      return;
    }
    if (!await(ended)) {
      throw new NetworkException(
          NetworkException.Severity.FATAL, "the loop did not end: " + thread);
    }
    readBuffer.release();
  }

  /**
   * Waits until something has been done on this loop, which is not the caller's.
   *
   * @return false if it takes too long
   */
  boolean await(Future<?> future) {
    if (host == null) {
      return future.awaitUninterruptibly(CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }
    for (int i = 0; i < MOST_RUNS && !future.isDone(); i++) {
      runNow();
    }
    return future.isDone();
  }

  private void closeSockets() {
    connections.forEach(Connection::close);
    for (StreamConnection stream : streams.toArray(StreamConnection[]::new)) {
      stream.close();
    }
  }

  IoEventLoop eventLoop() {
    return eventLoop;
  }

  /** The machine in memory that it is on; null for a loop with a thread of its own. */
  MemoryHost host() {
    return host;
  }

  Transport transport() {
    return transport;
  }

  Connections connections() {
    return connections;
  }

  /** The streams that are on this loop. */
  Set<StreamConnection> streams() {
    return streams;
  }

  /** What sockets are read into when nothing of an earlier read is left. */
  ByteBuf readBuffer() {
    return readBuffer;
  }

  void failed(Throwable failure) {
    uncaught.accept(failure);
  }

  /** Replies were written to {@code connection}: they leave at the end of this turn. */
  void dirty(Connection connection) {
    dirty.add(connection);
    requestEndOfTurn();
  }

  /** {@code connection} goes on with its buffered requests, in a task of its own. */
  void resume(Connection connection) {
    resumed.add(connection);
    if (!resumeQueued) {
      resumeQueued = true;
      eventLoop.execute(resumeTask);
    }
  }

  /** Called when a socket was read and its requests were handled. */
  void socketWasRead(int bytes) {
    turnBytes += bytes;
    if (turnBytes >= TURN_BYTES && endOfTurnRequested) {
      endTurn();
    }
  }

  private void endOfTurnTask() {
    endOfTurnQueued = false;
    if (endOfTurnRequested) {
      endTurn();
    }
  }

  private void endTurn() {
    endOfTurnRequested = false;
    turnBytes = 0;
    for (int i = 0; i < endOfTurnHooks.size(); i++) {
      guarded(endOfTurnHooks.get(i));
    }
    // Only those that are there now: what a flush makes dirty again waits for the next turn.
    int count = dirty.size();
    for (int i = 0; i < count; i++) {
      dirty.get(i).flushTurn();
    }
    dirty.subList(0, count).clear();
  }

  private void resumeTask() {
    resumeQueued = false;
    int count = resumed.size();
    for (int i = 0; i < count; i++) {
      resumed.get(i).processResumed();
    }
    resumed.subList(0, count).clear();
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error failure) {
      uncaught.accept(failure);
    }
  }
}
