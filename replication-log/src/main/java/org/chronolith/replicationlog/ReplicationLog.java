package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The log of the replication stream. Offsets are Redis's: the number of bytes of the stream so far;
 * ranges are {@code [start, end)}.
 *
 * <p>Threads: {@link #append}, {@link #appendIdentity}, {@link #canAppend}, {@link #trim} and
 * {@link #markClean} belong to one owner, the engine thread: the first that calls one of them, or
 * the one that called {@link #adopt()} last. All else may be called from any thread.
 *
 * <p>The log has two threads, log-sync and log-prepare, which end with {@link #close()}.
 */
public final class ReplicationLog implements AutoCloseable {
  private final LogConfig config;
  private final LogState state;
  private final LogPrepare prepare;
  private final LogSync sync;
  private final LogWriter writer;
  private final LogScrub scrub;
  private final LogListener listener;
  private final RecoveryReport recovery;
  private boolean closed;

  private ReplicationLog(
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
    this.prepare = new LogPrepare(config, state, listener, disk, nextSequence);
    this.sync = new LogSync(state, listener, disk, forcedEnd, recovery.endOffset(), nextSequence);
    this.scrub = new LogScrub(state, listener, config.maxRecordBytes());
    this.writer = new LogWriter(config, state, prepare, sync, recovery.clean());
  }

  /** True if {@code config.dir()} holds a log. */
  public static boolean exists(LogConfig config) {
    try {
      return !SegmentFiles.list(config.dir()).isEmpty();
    } catch (IOException e) {
      throw cannot("list", config, e);
    }
  }

  /** Opens an existing log of which everything is needed. See the other one. */
  public static ReplicationLog open(LogConfig config, LogListener listener) {
    return open(config, listener, LogNeed.EVERYTHING, LogDisk.SYSTEM);
  }

  /**
   * Opens an existing log at the longest valid prefix that ends at a commit. That prefix is forced
   * to the disk. Nothing is written before the first append, which starts a new segment.
   *
   * @throws LogException DAMAGED if there is no usable log in the directory, or something that was
   *     on disk and is needed is damaged or missing: then nothing was changed; IO
   */
  public static ReplicationLog open(
      LogConfig config, LogListener listener, LogNeed need, LogDisk disk) {
    try {
      LogRecovery.Result found = LogRecovery.recover(config, need, disk);
      for (Segment segment : found.segments()) {
        if (segment.index() != null) {
          SegmentFiles.forceFile(segment.file, disk);
        }
      }
      Segment last = found.segments()[found.segments().length - 1];
      SegmentFiles.giveBackReserved(last.file, last.committedPosition);
      LogState state = new LogState(found.segments(), found.report().endOffset(), found.history());
      ReplicationLog log =
          new ReplicationLog(
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
      listener.warning("no space for a new segment", e);
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
  public static ReplicationLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db) {
    return create(config, listener, startOffset, history, db, LogDisk.SYSTEM);
  }

  /** The same on a disk of tests. */
  public static ReplicationLog create(
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
      ReplicationLog log = new ReplicationLog(config, listener, state, report, disk, forcedEnd, 1);
      log.prepare.prepareFirst();
      log.writer.appendIdentity(history, db, System.currentTimeMillis());
      log.writer.disown();
      log.start();
      log.sync.await();
      return log;
    } catch (IOException e) {
      throw cannot("create", config, e);
    }
  }

  private static LogException cannot(String what, LogConfig config, IOException e) {
    return new LogException(
        LogException.Kind.IO, "cannot " + what + " the log in " + config.dir() + ": " + e, e);
  }

  /** What {@link #open} found; for a created log an empty report. */
  public RecoveryReport recovery() {
    return recovery;
  }

  /** First byte that a reader can ask for. */
  public long startOffset() {
    return state.startOffset();
  }

  /** End of the stream: the offset of the next byte to be appended. Covers whole commits only. */
  public long endOffset() {
    return state.endOffset();
  }

  /** Every byte below it is on disk. */
  public long durableOffset() {
    return sync.durableOffset();
  }

  /** The history, as recovered or last appended. */
  public History history() {
    return state.history();
  }

  /** Bytes of the segments' files, without the space reserved ahead. */
  public long sizeBytes() {
    long total = 0;
    for (Segment segment : state.segments()) {
      total += segment.committedPosition;
    }
    return total;
  }

  /** Why the log accepts no appends any more, or null. */
  public Throwable failure() {
    return state.failure();
  }

  /** Makes the calling thread the owner, after another one opened or filled the log. */
  public void adopt() {
    writer.adopt();
  }

  /**
   * Whether {@code bytes} of clients' effects, as one or more appends in a row, can be appended now
   * into space that is reserved. If not, more is being reserved: {@link LogListener#spaceReserved}
   * or {@link LogListener#spaceRefused} follows, and the caller asks again. False for good after a
   * failure.
   */
  public boolean canAppend(long bytes) {
    return writer.canAppend(bytes, config.internalReserveBytes());
  }

  /**
   * The same for internal effects (pings, expiry), which may use the reserve that clients may not;
   * only its very end is left for records about the log itself.
   */
  public boolean canAppendInternal(long bytes) {
    return writer.canAppend(bytes, config.lastReserveBytes());
  }

  /** The same for {@link #appendIdentity} and {@link #markClean}, which may use all there is. */
  public boolean canAppendIdentity() {
    return writer.canAppend(0, 0);
  }

  /** Bytes that may still be written on the log's volume, measured within the last seconds. */
  public long usableBytes() {
    return prepare.usableBytes();
  }

  /**
   * Appends {@code length} bytes of {@code bytes} from index {@code from}: whole effects, one
   * commit. More than {@link LogConfig#maxRecordBytes()} becomes numbered parts of one group, of
   * which the last commits. The buffer is neither moved nor released.
   *
   * <p>REQUIRES: {@link #canAppend} or {@link #canAppendInternal} said yes for as much, and nothing
   * was appended since; the buffer has one contiguous memory. After a failed force it still takes
   * what was promised before: that is never durable, and never reaches a replica.
   *
   * @param dbAtStart database selected in the stream at the first of the bytes
   * @throws LogException NO_SPACE if the rule is broken (nothing was written); IO if it fails now
   *     or an earlier append did: the log is dead
   */
  public void append(ByteBuf bytes, int from, int length, int dbAtStart, long wallClockMs) {
    writer.append(bytes, from, length, dbAtStart, wallClockMs);
  }

  /**
   * Appends a record without stream bytes that gives the stream from here on the name {@code
   * history}.
   *
   * <p>REQUIRES: it is forced ({@link #requestSync}, then {@link #durableIdentity}) before the
   * first byte under a new id leaves this node.
   */
  public void appendIdentity(History history, int db, long wallClockMs) {
    writer.appendIdentity(history, db, wallClockMs);
  }

  /** True once the last {@link #appendIdentity} is on disk. */
  public boolean durableIdentity() {
    return sync.durableIdentities() >= state.identities();
  }

  /**
   * Removes whole segments that end at or below {@code keepFromOffset} (and are durable) and are
   * beyond the retention by bytes or by age, or in the way of {@link LogConfig#minFreeBytes()}. The
   * files go on the log-prepare thread.
   */
  public void trim(long keepFromOffset, long nowMs) {
    writer.trim(keepFromOffset, nowMs);
  }

  /**
   * Has the log-scrub thread verify old segments, from the oldest on: {@link LogListener#damaged}
   * and {@link LogListener#scrubbed} follow. Returns at once; any thread.
   *
   * @param all those too that were verified since the log was opened
   * @param bytesPerSecond limit of the reading; 0 for none
   */
  public void scrub(boolean all, long bytesPerSecond) {
    scrub.request(all, bytesPerSecond);
  }

  /** What {@link #scrub} has come to. Any thread. */
  public ScrubStatus scrubStatus() {
    return scrub.status();
  }

  /**
   * Removes what is older than damage that a reader or the scrub has met, retention or not: nobody
   * can be served from there. A damaged segment that reaches beyond {@code snapshotOffset} stays,
   * until a newer snapshot makes it superfluous.
   */
  public void dropDamaged(long snapshotOffset) {
    writer.dropDamaged(snapshotOffset);
  }

  /**
   * A reader whose first byte is the one at {@code offset}, in the middle of a record too. For an
   * offset in a segment of an earlier run, the first call reads that segment to index it.
   *
   * @throws LogException OUT_OF_RANGE unless {@code startOffset() <= offset <= endOffset()};
   *     DAMAGED, IO
   */
  public LogReader reader(long offset) {
    return LogReader.open(state, config, offset);
  }

  /**
   * Copies the log, as far as it is committed now, into an empty directory: sealed segments by hard
   * links, the newest one by its bytes. The copy is on disk when this returns. Not for the engine
   * thread.
   *
   * <p>REQUIRES: nothing that the copy must hold is trimmed meanwhile; oldest segments that go are
   * left out.
   *
   * @throws LogException IO, also if the log is replaced or removed meanwhile
   */
  public LogCopy copyTo(Path target) {
    try {
      return LogCopy.make(state, config.maxRecordBytes(), target);
    } catch (IOException e) {
      throw new LogException(
          LogException.Kind.IO, "cannot copy the log to " + target + ": " + e, e);
    }
  }

  /** Asks the log-sync thread to force all that has been appended. */
  public void requestSync() {
    sync.request();
  }

  /**
   * Waits until what has been appended before the call is on disk. Not for the engine thread while
   * it serves.
   */
  public void sync() {
    sync.await();
  }

  /** Appends the marker of a clean close, consumed by the next append. {@link #close} forces it. */
  public void markClean(int db, long wallClockMs) {
    writer.markClean(db, wallClockMs);
  }

  /** True if the log, as opened, ends with the marker of a clean close. */
  public boolean wasClean() {
    return recovery.clean();
  }

  /**
   * Forces what has been appended, ends the threads and closes the files; readers must be closed by
   * their owners. Nobody may append any more.
   *
   * @throws LogException IO if forcing failed, now or earlier
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    scrub.close();
    LogException failed = null;
    try {
      sync.await();
    } catch (LogException e) {
      failed = e;
    }
    sync.close();
    prepare.close();
    try {
      writer.close();
    } catch (IOException e) {
      listener.warning("cannot give back the reserved space of the log", e);
    }
    if (failed != null) {
      throw failed;
    }
  }
}
