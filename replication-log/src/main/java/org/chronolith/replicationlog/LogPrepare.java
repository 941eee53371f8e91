package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.replicationlog.chronicle.SegmentAppender;

/**
 * The log-prepare thread: everything about files that may take time. It reserves disk space and
 * touches pages ahead of the appender, makes the next segment before it is needed, closes and
 * shortens the one before, and removes what retention let go.
 *
 * <p>The engine thread calls the methods without "log-prepare thread" in their comment; they wait
 * for nothing.
 */
final class LogPrepare implements Runnable {
  private static final long JOIN_MS = 30_000;
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A segment that waits for its first record. */
  record Prepared(long sequence, Path dir, SegmentAppender appender) {}

  private record Retired(SegmentAppender appender, Path file, long endPosition) {}

  private final LogConfig config;
  private final LogState state;
  private final LogListener listener;
  private final LogDisk disk;
  private final ConcurrentLinkedQueue<Retired> retired = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Segment[]> removed = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this, "log-prepare");

  private volatile SegmentAppender active;
  private volatile long activePosition;
  private volatile Prepared next;
  private volatile long wantedBytes;
  private volatile boolean closed;

  // log-prepare thread.
  private long nextSequence;
  private boolean refused;

  LogPrepare(
      LogConfig config, LogState state, LogListener listener, LogDisk disk, long nextSequence) {
    this.config = config;
    this.disk = disk;
    this.state = state;
    this.listener = listener;
    this.nextSequence = nextSequence;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Makes the first segment. REQUIRES: called once, before {@link #start()}. */
  void prepareFirst() throws IOException {
    prepareNext(0);
  }

  /** The next segment if it is ready. */
  Prepared next() {
    return next;
  }

  /** Takes the next segment into use. */
  void taken(SegmentAppender appender) {
    active = appender;
    activePosition = appender.position();
    next = null;
  }

  /** The appender has come so far. */
  void moved(long position) {
    activePosition = position;
    LockSupport.unpark(thread);
  }

  /** An append of so many file bytes had no space. */
  void want(long bytes) {
    if (bytes > wantedBytes) {
      wantedBytes = bytes;
    }
    LockSupport.unpark(thread);
  }

  /** The engine thread has appended its last record to this segment. */
  void retire(SegmentAppender appender, Path file, long endPosition) {
    retired.add(new Retired(appender, file, endPosition));
    LockSupport.unpark(thread);
  }

  void remove(Segment[] segments) {
    removed.add(segments);
    LockSupport.unpark(thread);
  }

  @Override
  public void run() {
    while (!closed) {
      boolean again = doWork();
      if (closed) {
        break;
      }
      if (again) {
        LockSupport.parkNanos(this, RETRY_NANOS);
      } else {
        LockSupport.park(this);
      }
    }
    finish();
  }

  /** log-prepare thread: one round. Returns true if there is something to try again. */
  private boolean doWork() {
    closeRetired();
    removeFiles();
    long wanted = wantedBytes;
    try {
      SegmentAppender appender = active;
      long position = activePosition;
      boolean full = appender == null || position >= config.segmentBytes();
      if (appender != null) {
        if (!full) {
          appender.reserve(position + Math.max(config.headroomBytes(), wanted));
        }
        appender.touch(position, position + config.touchAheadBytes());
      }
      Prepared ready = next;
      if (ready == null && (full || nearEnd(position))) {
        prepareNext(full ? wanted : 0);
      } else if (ready != null && full) {
        ready.appender().reserve(ready.appender().position() + wanted);
      }
      if (wanted > 0 || refused) {
        // A larger wish may have come meanwhile; it comes again with the next attempt.
        wantedBytes = 0;
        listener.spaceReserved();
      }
      refused = false;
      return false;
    } catch (IOException | RuntimeException e) {
      if (!refused || wanted > 0) {
        listener.spaceRefused(String.valueOf(e.getMessage()));
      }
      refused = true;
      wantedBytes = 0;
      return true;
    }
  }

  private boolean nearEnd(long position) {
    return position
        > config.segmentBytes() - Math.max(config.headroomBytes(), config.segmentBytes() / 4);
  }

  private void prepareNext(long wanted) throws IOException {
    Path dir = SegmentFiles.path(config.dir(), nextSequence);
    SegmentAppender appender;
    try {
      appender =
          SegmentAppender.create(
              dir, config.blockBytes(), Math.max(config.headroomBytes(), wanted));
      appender.touch(appender.position(), appender.position() + config.touchAheadBytes());
      SegmentFiles.forceFile(appender.file(), disk);
      disk.forceDir(dir);
      disk.forceDir(config.dir());
    } catch (IOException | RuntimeException e) {
      if (Files.exists(dir)) {
        SegmentFiles.delete(dir);
      }
      throw e;
    }
    next = new Prepared(nextSequence, dir, appender);
    nextSequence++;
  }

  private void closeRetired() {
    for (Retired one = retired.poll(); one != null; one = retired.poll()) {
      one.appender().close();
      try {
        SegmentAppender.truncate(one.file(), one.endPosition());
      } catch (IOException e) {
        listener.warning("cannot give back the reserved space of " + one.file(), e);
      }
    }
  }

  private void removeFiles() {
    for (Segment[] batch = removed.poll(); batch != null; batch = removed.poll()) {
      long bytes = 0;
      for (Segment segment : batch) {
        try {
          bytes += segment.committedPosition;
          disk.delete(segment.dir);
        } catch (IOException e) {
          listener.warning("cannot remove " + segment.dir, e);
        }
      }
      listener.trimmed(state.startOffset(), batch.length, bytes);
    }
  }

  /** log-prepare thread, last: what is prepared and unused goes. */
  private void finish() {
    closeRetired();
    removeFiles();
    Prepared unused = next;
    next = null;
    if (unused != null) {
      unused.appender().close();
      try {
        disk.delete(unused.dir());
      } catch (IOException e) {
        listener.warning("cannot remove " + unused.dir(), e);
      }
    }
  }

  /** Ends the thread; it finishes what was handed to it. */
  void close() {
    closed = true;
    LockSupport.unpark(thread);
    Threads.join(thread, JOIN_MS);
  }
}
