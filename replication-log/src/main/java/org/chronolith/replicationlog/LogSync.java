package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The log-sync thread: forces the segment files through channels of its own, since Chronicle's own
 * sync does nothing by default and only logs a failure. Requests that arrive during a force are
 * served together by the next one.
 */
final class LogSync implements Runnable {
  private static final long JOIN_MS = 30_000;

  private final LogState state;
  private final LogListener listener;
  private final AtomicLong requests = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition advanced = lock.newCondition();
  private final Thread thread = new Thread(this, "log-sync");

  private volatile long durableOffset;
  private volatile long durableIdentities;
  private volatile boolean closed;

  // Guarded by lock.
  private long served;

  // log-sync thread.
  private long firstUnforced;
  private long forcedCommits;
  private Segment open;
  private FileChannel channel;

  /**
   * Everything below {@code durableOffset}, in segments below {@code firstUnforced}, is on disk.
   */
  LogSync(LogState state, LogListener listener, long durableOffset, long firstUnforced) {
    this.state = state;
    this.listener = listener;
    this.durableOffset = durableOffset;
    this.firstUnforced = firstUnforced;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  long durableOffset() {
    return durableOffset;
  }

  long durableIdentities() {
    return durableIdentities;
  }

  /** Any thread; waits for nothing. */
  void request() {
    requests.incrementAndGet();
    LockSupport.unpark(thread);
  }

  /** Waits until all that was appended before the call is on disk. */
  void await() {
    long mine = requests.incrementAndGet();
    LockSupport.unpark(thread);
    lock.lock();
    try {
      while (served < mine && state.failure() == null && thread.isAlive()) {
        advanced.await(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogException(LogException.Kind.IO, "interrupted while waiting for log-sync", e);
    } finally {
      lock.unlock();
    }
    if (state.failure() != null) {
      throw new LogException(
          LogException.Kind.IO, "the log failed: " + state.failure(), state.failure());
    }
  }

  @Override
  public void run() {
    long done = 0;
    while (!(closed && done == requests.get())) {
      long wanted = requests.get();
      if (wanted == done) {
        LockSupport.park(this);
        continue;
      }
      if (state.failure() == null) {
        try {
          force();
        } catch (IOException | RuntimeException e) {
          // The kernel may have marked the pages clean: trying again would lie.
          state.fail(e);
          listener.syncFailed(e);
        }
      }
      done = wanted;
      lock.lock();
      try {
        served = done;
        advanced.signalAll();
      } finally {
        lock.unlock();
      }
    }
    try {
      use(null);
    } catch (IOException e) {
      listener.warning("cannot close a segment that was forced", e);
    }
  }

  private void force() throws IOException {
    long commits = state.commits();
    long target = state.endOffset();
    long identities = state.identities();
    if (commits == forcedCommits) {
      return;
    }
    long begun = System.nanoTime();
    for (Segment segment : state.segments()) {
      // A durable segment may be removed at any moment.
      boolean durable = segment.sealed && segment.endOffset <= durableOffset;
      if (segment.sequence >= firstUnforced && !durable) {
        use(segment);
        channel.force(false);
        firstUnforced = segment.sequence;
      }
    }
    long bytes = target - durableOffset;
    forcedCommits = commits;
    durableOffset = target;
    durableIdentities = identities;
    listener.synced(bytes, System.nanoTime() - begun);
    listener.durable(target);
  }

  private void use(Segment segment) throws IOException {
    if (open != segment) {
      if (channel != null) {
        channel.close();
        channel = null;
      }
      open = segment;
      if (segment != null) {
        channel = FileChannel.open(segment.file, StandardOpenOption.WRITE);
      }
    }
  }

  /** Ends the thread after the requests made so far. */
  void close() {
    closed = true;
    LockSupport.unpark(thread);
    Threads.join(thread, JOIN_MS);
  }
}
