package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.replicationlog.chronicle.SegmentAppender;
import org.chronolith.replicationlog.chronicle.Volume;

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

  /** A segment that waits for its first record. */
  record Prepared(long sequence, Path dir, SegmentAppender appender) {}

  /** The segment that is appended to, and how far: one value, since they change together. */
  private record Active(SegmentAppender appender, long position) {}

  private record Retired(SegmentAppender appender, Path file, long endPosition) {}

  private final LogConfig config;
  private final long retryNanos;
  private final LogState state;
  private final LogListener listener;
  private final LogDisk disk;
  private final ConcurrentLinkedQueue<Retired> retired = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Segment[]> removed = new ConcurrentLinkedQueue<>();
  private final Thread thread = new Thread(this, "log-prepare");

  /** Null before the first append. Written by the engine thread only. */
  private volatile Active active;

  private volatile Prepared next;
  private volatile long wantedBytes;
  private volatile long usableBytes;

  /** Of segments that were let go of and whose space is not in {@link #usableBytes} yet. */
  private final AtomicLong removingBytes = new AtomicLong();

  private volatile boolean woken;
  private volatile boolean closed;

  // log-prepare thread.
  private long nextSequence;
  private boolean refused;
  private long refusedNanos;

  LogPrepare(
      LogConfig config, LogState state, LogListener listener, LogDisk disk, long nextSequence) {
    this.config = config;
    this.retryNanos = TimeUnit.MILLISECONDS.toNanos(config.spaceRetryMs());
    this.disk = disk;
    this.state = state;
    this.listener = listener;
    this.usableBytes = disk.usableBytes(config.dir());
    this.nextSequence = nextSequence;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Makes the first segment, with as much of the headroom as can be had; the rest follows once the
   * thread runs. REQUIRES: called once, before {@link #start()}.
   *
   * @throws IOException if there is not even space for an identity
   */
  void prepareFirst() throws IOException {
    try {
      prepareNext(0);
      try {
        reserve(next.appender(), config.headroomBytes());
      } catch (IOException e) {
        refuse(e);
        next.appender().reserve(config.internalReserveBytes());
      }
    } catch (IOException e) {
      refuse(e);
      if (next == null) {
        throw e;
      }
    }
  }

  /** The next segment if it is ready. */
  Prepared next() {
    return next;
  }

  /** Takes the next segment into use. */
  void taken(SegmentAppender appender) {
    active = new Active(appender, appender.position());
    next = null;
  }

  /** The appender has come so far. */
  void moved(long position) {
    at(position);
    wake();
  }

  private void at(long position) {
    Active current = active;
    if (current != null && current.position() != position) {
      active = new Active(current.appender(), position);
    }
  }

  /**
   * An append of so many file bytes from {@code position} on had no space. A report to the listener
   * follows.
   */
  void want(long bytes, long position) {
    at(position);
    // Clients that are refused ask again and again: only a larger wish wakes the thread.
    if (bytes > wantedBytes) {
      wantedBytes = bytes;
      wake();
    }
  }

  /** Bytes that may still be written on the volume, as of the last {@link #measure()}. */
  long usableBytes() {
    return usableBytes;
  }

  /** The same, with what is being removed. */
  long usableSoonBytes() {
    // In this order: what comes free in between is counted twice rather than not at all.
    long removing = removingBytes.get();
    return removing + usableBytes;
  }

  /** Has {@link #usableBytes()} measured again. */
  void measure() {
    wake();
  }

  /**
   * The thread may lose the permit of an unpark where it waits for other things: so it is noted.
   */
  private void wake() {
    woken = true;
    LockSupport.unpark(thread);
  }

  /** The engine thread has appended its last record to this segment. */
  void retire(SegmentAppender appender, Path file, long endPosition) {
    retired.add(new Retired(appender, file, endPosition));
    wake();
  }

  void remove(Segment[] segments) {
    for (Segment segment : segments) {
      removingBytes.addAndGet(segment.committedPosition);
    }
    removed.add(segments);
    wake();
  }

  @Override
  public void run() {
    try {
      while (!closed) {
        woken = false;
        long pauseNanos = doWork();
        if (woken || closed) {
          continue;
        }
        if (pauseNanos > 0) {
          LockSupport.parkNanos(this, pauseNanos);
        } else {
          LockSupport.park(this);
        }
      }
    } catch (RuntimeException | Error e) {
      // A fault in a mapped page, say: without this thread nothing is reserved any more, and who
      // waits for space must not wait for ever.
      state.fail(e);
      listener.syncFailed(e);
      throw e;
    }
    finish();
  }

  /**
   * log-prepare thread: one round. Returns for how long to rest at most, 0 for as long as wanted.
   */
  private long doWork() {
    long removed = removeFiles();
    boolean givenBack = closeRetired() | removed > 0;
    usableBytes = disk.usableBytes(config.dir());
    removingBytes.addAndGet(-removed);
    if (refused && !givenBack) {
      long restNanos = refusedNanos + retryNanos - System.nanoTime();
      if (restNanos > 0) {
        return restNanos;
      }
    }
    long wanted = wantedBytes;
    try {
      reserveAhead(0);
      reserveAhead(wanted);
      boolean report = wanted > 0 || refused;
      refused = false;
      if (report) {
        // A larger wish may have come meanwhile; it comes again after the report. Without a report,
        // a wish that has just come must stay.
        wantedBytes = 0;
        listener.spaceReserved();
      }
      return 0;
    } catch (IOException | RuntimeException e) {
      wantedBytes = 0;
      refuse(e);
      return retryNanos;
    }
  }

  private void refuse(Exception cause) {
    refused = true;
    refusedNanos = System.nanoTime();
    String reason = LogException.reasonOf(cause);
    if (Volume.isFull(cause)) {
      listener.spaceRefused(reason);
    } else {
      listener.reserveFailed(reason);
    }
  }

  /** Reserves the headroom, or so many bytes if they are more. */
  private void reserveAhead(long wanted) throws IOException {
    long ahead = Math.max(config.headroomBytes(), wanted);
    Active current = active;
    SegmentAppender appender = current == null ? null : current.appender();
    long position = current == null ? 0 : current.position();
    boolean full = appender == null || position >= config.segmentBytes();
    if (appender != null) {
      if (!full) {
        reserve(appender, position + ahead);
      }
      appender.touch(position, position + config.touchAheadBytes());
    }
    Prepared ready = next;
    if (ready == null && (full || nearEnd(position) || state.isNewestDamaged())) {
      long headroom = full ? ahead : config.headroomBytes();
      requireFree(headroom);
      prepareNext(headroom);
    } else if (ready != null && full) {
      reserve(ready.appender(), ready.appender().position() + ahead);
    }
  }

  private void reserve(SegmentAppender appender, long upTo) throws IOException {
    if (upTo > appender.reservedBytes()) {
      requireFree(upTo - appender.reservedBytes());
      appender.reserve(upTo);
    }
  }

  private void requireFree(long bytes) throws IOException {
    if (disk.usableBytes(config.dir()) < bytes + config.keepFreeBytes()) {
      throw new FileSystemException(
          config.dir().toString(),
          null,
          "No space left on device: the last "
              + config.keepFreeBytes()
              + " bytes of the volume are left to snapshots");
    }
  }

  private boolean nearEnd(long position) {
    return position
        > config.segmentBytes() - Math.max(config.headroomBytes(), config.segmentBytes() / 4);
  }

  private void prepareNext(long headroom) throws IOException {
    Path dir = SegmentFiles.path(config.dir(), nextSequence);
    SegmentAppender appender = null;
    try {
      appender = SegmentAppender.create(dir, config.blockBytes(), disk);
      appender.reserve(headroom);
      appender.touch(appender.position(), appender.position() + config.touchAheadBytes());
      force(appender.file(), dir);
    } catch (IOException | RuntimeException e) {
      if (appender != null) {
        appender.close();
      }
      if (Files.exists(dir)) {
        SegmentFiles.delete(dir);
      }
      throw e;
    }
    next = new Prepared(nextSequence, dir, appender);
    nextSequence++;
  }

  /** What this fails with names the segment: who forces appended records fails with other words. */
  private void force(Path file, Path dir) throws IOException {
    try {
      SegmentFiles.forceFile(file, disk);
      disk.forceDir(dir);
      disk.forceDir(config.dir());
    } catch (IOException e) {
      throw SegmentFiles.failed(file, "cannot force a new segment: " + LogException.reasonOf(e), e);
    }
  }

  /**
   * Returns whether space was given back. What fails is told and no more: nobody writes to these
   * files again, and what is in them is forced through another channel. To fail the log for them
   * would make an outage of some space that comes back later, with retention.
   */
  private boolean closeRetired() {
    boolean any = false;
    for (Retired one = retired.poll(); one != null; one = retired.poll()) {
      any = true;
      try {
        one.appender().close();
        SegmentAppender.giveBack(one.file(), one.endPosition());
      } catch (IOException | RuntimeException e) {
        listener.warning("cannot give back the reserved space of " + one.file(), e);
      }
    }
    return any;
  }

  /**
   * Returns the bytes of those that were to be removed. What cannot be is told and left: readers
   * see it no more.
   */
  private long removeFiles() {
    long all = 0;
    for (Segment[] batch = removed.poll(); batch != null; batch = removed.poll()) {
      long bytes = 0;
      for (Segment segment : batch) {
        bytes += segment.committedPosition;
        try {
          SegmentFiles.remove(segment.dir, disk);
        } catch (IOException | RuntimeException e) {
          listener.warning("cannot remove " + segment.dir, e);
        }
      }
      listener.trimmed(state.startOffset(), batch.length, bytes);
      all += bytes;
    }
    return all;
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
    wake();
    Threads.join(thread, JOIN_MS);
  }
}
