package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The log in segments on disk. It has three threads, log-sync, log-prepare and log-scrub, which end
 * with {@link #close()}.
 */
final class SegmentLog implements ReplicationLog {
  private final LogConfig config;
  private final LogState state;
  private final LogPrepare prepare;
  private final LogSync sync;
  private final LogWriter writer;
  private final LogScrub scrub;
  private final LogListener listener;
  private final RecoveryReport recovery;
  private final LogDisk disk;
  private boolean closed;

  private SegmentLog(
      LogConfig config,
      LogListener listener,
      LogState state,
      RecoveryReport recovery,
      LogDisk disk,
      ForcedEnd forcedEnd,
      long nextSequence) {
    this.config = config;
    this.listener = listener;
    this.state = state;
    this.recovery = recovery;
    this.disk = disk;
    this.prepare = new LogPrepare(config, state, listener, disk, nextSequence);
    this.sync = new LogSync(state, listener, disk, forcedEnd, recovery.endOffset(), nextSequence);
    this.scrub = new LogScrub(state, listener, config.maxRecordBytes());
    this.writer = new LogWriter(config, state, prepare, sync, recovery.clean());
  }

  /** True if {@code config.dir()} holds a log. */
  static boolean exists(LogConfig config) {
    try {
      return !SegmentFiles.list(config.dir()).isEmpty();
    } catch (IOException e) {
      throw cannot("list", config, e);
    }
  }

  /** Opens an existing log of which everything is needed. See the other one. */
  static SegmentLog open(LogConfig config, LogListener listener) {
    return open(config, listener, LogNeed.EVERYTHING, LogDisk.SYSTEM);
  }

  /**
   * Opens an existing log at the longest valid prefix that ends at a commit. That prefix is brought
   * to the disk, see {@link UnforcedPages}. Nothing else is written before the first append, which
   * starts a new segment.
   *
   * @throws LogException DAMAGED if there is no usable log in the directory, or something that was
   *     on disk and is needed is damaged or missing: then nothing was changed; IO
   */
  static SegmentLog open(LogConfig config, LogListener listener, LogNeed need, LogDisk disk) {
    try {
      LogRecovery.Result found = LogRecovery.recover(config, need, disk);
      UnforcedPages.force(found.segments(), found.forced(), disk, config.maxRecordBytes());
      Segment last = found.segments()[found.segments().length - 1];
      SegmentFiles.giveBackReserved(last.file, last.committedPosition, config.maxRecordBytes());
      LogState state = new LogState(found.segments(), found.report().endOffset(), found.history());
      SegmentLog log =
          new SegmentLog(
              config,
              listener,
              state,
              found.report(),
              disk,
              openForcedEnd(config, listener, disk, found),
              found.nextSequence());
      log.prepareFirst();
      log.start();
      return log;
    } catch (IOException e) {
      throw cannot("open", config, e);
    }
  }

  /** What was recovered has been forced, and that is recorded; on a full disk it goes without. */
  private static ForcedEnd openForcedEnd(
      LogConfig config, LogListener listener, LogDisk disk, LogRecovery.Result found) {
    Segment last = found.segments()[found.segments().length - 1];
    try {
      ForcedEnd forcedEnd = ForcedEnd.open(config.dir(), disk);
      forcedEnd.record(last.endOffset, last.sequence, last.committedPosition);
      forcedEnd.forceNow();
      return forcedEnd;
    } catch (IOException e) {
      listener.warning("the end of what was forced cannot be recorded", e);
      return null;
    }
  }

  private void prepareFirst() {
    try {
      prepare.prepareFirst();
    } catch (IOException e) {
      // Told already. On a full disk the log can still be read: appends wait for space.
      listener.warning("a new segment cannot be made", e);
    }
  }

  private void start() {
    prepare.start();
    sync.start();
    scrub.start();
  }

  /**
   * Makes a new log whose first byte has the offset {@code startOffset}, in an empty or missing
   * directory, and forces its identity to the disk.
   *
   * @throws LogException MISUSE if there is a log already, IO
   */
  static SegmentLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db) {
    return create(config, listener, startOffset, history, db, LogDisk.SYSTEM);
  }

  /** The same on a disk of tests. */
  static SegmentLog create(
      LogConfig config,
      LogListener listener,
      long startOffset,
      History history,
      int db,
      LogDisk disk) {
    if (exists(config)) {
      throw new LogException(
          LogException.Kind.MISUSE, "there is a log in " + config.dir() + " already");
    }
    try {
      Files.createDirectories(config.dir());
      LogState state = new LogState(new Segment[0], startOffset, history);
      RecoveryReport report =
          new RecoveryReport(startOffset, startOffset, 0, false, 0, 0, 0, List.of(), List.of());
      ForcedEnd forcedEnd = ForcedEnd.open(config.dir(), disk);
      SegmentLog log = new SegmentLog(config, listener, state, report, disk, forcedEnd, 1);
      log.prepare.prepareFirst();
      log.writer.appendIdentity(history, db, System.currentTimeMillis());
      log.writer.disown();
      log.start();
      try {
        log.sync.await();
      } catch (LogException e) {
        // Its threads must not go on in a directory that the caller removes.
        log.closeAfter(e);
        throw e;
      }
      return log;
    } catch (IOException e) {
      throw cannot("create", config, e);
    }
  }

  private static LogException cannot(String what, LogConfig config, IOException e) {
    return LogException.io("cannot " + what + " the log in " + config.dir(), e);
  }

  @Override
  public RecoveryReport recovery() {
    return recovery;
  }

  @Override
  public long startOffset() {
    return state.startOffset();
  }

  @Override
  public long endOffset() {
    return state.endOffset();
  }

  @Override
  public long durableOffset() {
    return sync.durableOffset();
  }

  @Override
  public History history() {
    return state.history();
  }

  @Override
  public long sizeBytes() {
    long total = 0;
    for (Segment segment : state.segments()) {
      total += segment.committedPosition;
    }
    return total;
  }

  @Override
  public Throwable failure() {
    return state.failure();
  }

  @Override
  public void adopt() {
    writer.adopt();
  }

  @Override
  public boolean canAppend(long bytes) {
    return writer.canAppend(bytes, config.internalReserveBytes());
  }

  @Override
  public boolean hasRoom(long bytes) {
    return writer.hasRoom(bytes, config.internalReserveBytes());
  }

  @Override
  public boolean canAppendInternal(long bytes) {
    return writer.canAppend(bytes, config.lastReserveBytes());
  }

  @Override
  public boolean canAppendIdentity() {
    return writer.canAppend(0, 0);
  }

  @Override
  public long usableBytes() {
    return prepare.usableBytes();
  }

  @Override
  public void append(ByteBuf bytes, int from, int length, int dbAtStart, long wallClockMs) {
    writer.append(bytes, from, length, dbAtStart, wallClockMs);
  }

  @Override
  public void appendIdentity(History history, int db, long wallClockMs) {
    writer.appendIdentity(history, db, wallClockMs);
  }

  @Override
  public boolean durableIdentity() {
    return sync.durableIdentities() >= state.identities();
  }

  @Override
  public long crowdedBelow(long keepFromOffset) {
    return writer.crowdedBelow(keepFromOffset);
  }

  @Override
  public void trim(long keepFromOffset, long nowMs) {
    writer.trim(keepFromOffset, nowMs);
  }

  @Override
  public void scrub(boolean all, long bytesPerSecond) {
    scrub.request(all, bytesPerSecond);
  }

  @Override
  public ScrubStatus scrubStatus() {
    return scrub.status();
  }

  @Override
  public boolean leaveDamaged(int db, long nowMs) {
    boolean left = writer.leaveDamaged(db, nowMs);
    if (left) {
      requestSync();
    }
    return left;
  }

  @Override
  public void dropDamaged(long snapshotOffset) {
    writer.dropDamaged(snapshotOffset);
  }

  @Override
  public LogReader reader(long offset) {
    return SegmentReader.open(state, config, listener, offset);
  }

  @Override
  public LogCopy copyTo(Path target) {
    try {
      return LogCopy.make(state, config.maxRecordBytes(), target);
    } catch (IOException e) {
      throw LogException.io("cannot copy the log to " + target, e);
    }
  }

  @Override
  public Optional<LogBranch> branch(LogConfig to, LogListener toListener, long mostOffset) {
    try {
      Files.createDirectories(to.dir());
      LogCopy copy = LogCopy.ofSealed(state, config.maxRecordBytes(), to.dir(), mostOffset);
      if (copy == null) {
        return Optional.empty();
      }
      int db;
      try (LogReader reader = reader(copy.endOffset())) {
        // What follows: the next segment's identity, which says it.
        LogRecord record = new LogRecord();
        reader.next(record);
        db = record.dbAtStart();
      }
      return Optional.of(new LogBranch(open(to, toListener, LogNeed.NOTHING, disk), db));
    } catch (IOException e) {
      throw LogException.io("cannot copy the log to " + to.dir(), e);
    }
  }

  @Override
  public void requestSync() {
    sync.request();
  }

  @Override
  public void sync() {
    sync.await();
  }

  @Override
  public void markClean(int db, long wallClockMs) {
    writer.markClean(db, wallClockMs);
  }

  @Override
  public boolean wasClean() {
    return recovery.clean();
  }

  private void closeAfter(LogException failure) {
    try {
      close();
    } catch (LogException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    // What was acknowledged comes first, and nothing that fails keeps the rest from its end.
    Throwable failed = attempt(sync::await, null);
    failed = attempt(scrub::close, failed);
    failed = attempt(sync::close, failed);
    Throwable unended = attempt(prepare::close, null);
    if (unended == null) {
      failed = attempt(this::closeWriter, failed);
    } else if (failed == null) {
      // That thread may still be touching the pages of the mapping, which so has to stay.
      failed = unended;
    } else {
      failed.addSuppressed(unended);
    }
    if (failed instanceof Error error) {
      throw error;
    }
    if (failed != null) {
      throw (RuntimeException) failed;
    }
  }

  /**
   * @return the first failure
   */
  private static Throwable attempt(Runnable step, Throwable before) {
    try {
      step.run();
      return before;
    } catch (RuntimeException | Error e) {
      if (before == null) {
        return e;
      }
      before.addSuppressed(e);
      return before;
    }
  }

  private void closeWriter() {
    try {
      writer.close();
    } catch (IOException e) {
      listener.warning("cannot give back the reserved space of the log", e);
    }
  }
}
