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
 *
 * <p>After each force its end is recorded, see {@link ForcedEnd}. That is for the next start alone:
 * nobody waits for it, and if it fails the log goes on without.
 */
final class LogSync implements Runnable {
  private static final long JOIN_MS = 30_000;

  private final LogState state;
  private final LogListener listener;
  private final LogDisk disk;
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
  private ForcedEnd forcedEnd;

  /**
   * Everything below {@code durableOffset}, in segments below {@code firstUnforced}, is on disk.
   *
   * @param forcedEnd where ends are recorded, or null; closed by this
   */
  LogSync(
      LogState state,
      LogListener listener,
      LogDisk disk,
      ForcedEnd forcedEnd,
      long durableOffset,
      long firstUnforced) {
    this.state = state;
    this.listener = listener;
    this.disk = disk;
    this.forcedEnd = forcedEnd;
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

  /**
   * Waits until all that was appended before the call is on disk.
   *
   * @throws LogException IO if it never will be, since a force has failed or the thread has ended
   */
  void await() {
    long mine = requests.incrementAndGet();
    boolean done;
    LockSupport.unpark(thread);
    lock.lock();
    try {
      while (served < mine && state.failure() == null && thread.isAlive()) {
        advanced.await(1, TimeUnit.SECONDS);
      }
      done = served >= mine;
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
    if (!done) {
      throw new LogException(
          LogException.Kind.IO, "log-sync has ended: nothing is forced any more");
    }
  }

  @Override
  public void run() {
    try {
      serve();
      forceRecord();
    } catch (RuntimeException | Error e) {
      // Without this thread nothing is forced any more, and that must not look like success.
      failed(e);
      throw e;
    } finally {
      closeFiles();
      served(0);
    }
  }

  private void serve() {
    long done = 0;
    while (!(closed && done == requests.get())) {
      long wanted = requests.get();
      if (wanted == done) {
        rest();
        continue;
      }
      if (state.failure() == null) {
        try {
          force();
        } catch (IOException | RuntimeException e) {
          // The kernel may have marked the pages clean: trying again would lie.
          failed(e);
        }
      }
      done = wanted;
      served(done);
    }
  }

  private void failed(Throwable cause) {
    state.forceFailed(cause);
    listener.syncFailed(cause);
  }

  /** Tells those who wait that so many requests are done, or only to look again. */
  private void served(long done) {
    lock.lock();
    try {
      served = Math.max(served, done);
      advanced.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void closeFiles() {
    try {
      use(null);
      if (forcedEnd != null) {
        forcedEnd.close();
      }
    } catch (IOException e) {
      listener.warning("cannot close a segment that was forced", e);
    }
  }

  /** Waits for a request, and meanwhile for the time to force what was recorded. */
  private void rest() {
    long nanos = forcedEnd == null ? Long.MAX_VALUE : forcedEnd.forceInNanos();
    if (nanos == 0) {
      forceRecord();
    } else if (nanos == Long.MAX_VALUE) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanos);
    }
  }

  private void forceRecord() {
    if (forcedEnd != null) {
      try {
        forcedEnd.forceNow();
      } catch (IOException e) {
        noMoreRecords(e);
      }
    }
  }

  private void record(long offset, Segment newest, long position) {
    if (forcedEnd != null) {
      try {
        forcedEnd.record(offset, newest.sequence, position);
        if (forcedEnd.forceInNanos() == 0) {
          forcedEnd.forceNow();
        }
      } catch (IOException e) {
        noMoreRecords(e);
      }
    }
  }

  /** Whatever the file holds now is true, only not new. */
  private void noMoreRecords(IOException cause) {
    listener.warning("the end of what was forced cannot be recorded any more", cause);
    try {
      forcedEnd.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    forcedEnd = null;
  }

  private void force() throws IOException {
    long commits = state.commits();
    long target = state.endOffset();
    long identities = state.identities();
    // An identity is counted after its commit is, which may have been forced in between: only the
    // next force can say that it is on disk.
    if (commits == forcedCommits && identities == durableIdentities) {
      return;
    }
    long begun = System.nanoTime();
    Segment[] segments = state.segments();
    Segment newest = segments[segments.length - 1];
    long position = newest.committedPosition;
    for (Segment segment : segments) {
      // A durable segment may be removed at any moment.
      boolean durable = segment.sealed && segment.endOffset <= durableOffset;
      if (segment.sequence >= firstUnforced && !durable) {
        use(segment);
        disk.force(channel, segment.file, false);
        firstUnforced = segment.sequence;
      }
    }
    long bytes = target - durableOffset;
    forcedCommits = commits;
    durableOffset = target;
    durableIdentities = identities;
    tell(bytes, System.nanoTime() - begun);
    record(target, newest, position);
  }

  /** Only the disk can fail a force: what a listener throws must not be taken for that. */
  private void tell(long bytes, long durationNanos) {
    try {
      listener.synced(bytes, durationNanos);
      listener.durable(durableOffset);
    } catch (RuntimeException e) {
      listener.warning("a listener failed after a force", e);
    }
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
