package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The log of the replication stream. Offsets are Redis's: the number of bytes of the stream so far;
 * ranges are {@code [start, end)}.
 *
 * <p>Threads: {@link #append}, {@link #appendIdentity}, {@link #canAppend}, {@link #trim}, {@link
 * #crowdedBelow} and {@link #markClean} belong to one owner, the engine thread: the first that
 * calls one of them, or the one that called {@link #adopt()} last. All else may be called from any
 * thread.
 */
public interface ReplicationLog extends AutoCloseable {
  /** True if {@code config.dir()} holds a log. */
  static boolean exists(LogConfig config) {
    return SegmentLog.exists(config);
  }

  /** Opens an existing log of which everything is needed. See the other one. */
  static ReplicationLog open(LogConfig config, LogListener listener) {
    return SegmentLog.open(config, listener);
  }

  /**
   * Opens an existing log at the longest valid prefix that ends at a commit. That prefix is forced
   * to the disk. Nothing is written before the first append, which starts a new segment.
   *
   * @throws LogException DAMAGED if there is no usable log in the directory, or something that was
   *     on disk and is needed is damaged or missing: then nothing was changed; IO
   */
  static ReplicationLog open(LogConfig config, LogListener listener, LogNeed need, LogDisk disk) {
    return SegmentLog.open(config, listener, need, disk);
  }

  /**
   * Makes a new log whose first byte has the offset {@code startOffset}, in an empty or missing
   * directory, and forces its identity to the disk.
   *
   * @throws LogException MISUSE if there is a log already, IO
   */
  static ReplicationLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db) {
    return SegmentLog.create(config, listener, startOffset, history, db);
  }

  /** The same on a disk of tests. */
  static ReplicationLog create(
      LogConfig config,
      LogListener listener,
      long startOffset,
      History history,
      int db,
      LogDisk disk) {
    return SegmentLog.create(config, listener, startOffset, history, db, disk);
  }

  /** What {@link #open} found; for a created log an empty report. */
  RecoveryReport recovery();

  /** First byte that a reader can ask for. */
  long startOffset();

  /** End of the stream: the offset of the next byte to be appended. Covers whole commits only. */
  long endOffset();

  /** Every byte below it is on disk. */
  long durableOffset();

  /** The history, as recovered or last appended. */
  History history();

  /** Bytes of the segments' files, without the space reserved ahead. */
  long sizeBytes();

  /** Why the log accepts no appends any more, or null. */
  Throwable failure();

  /** Makes the calling thread the owner, after another one opened or filled the log. */
  void adopt();

  /**
   * Whether {@code bytes} of clients' effects, as one or more appends in a row, can be appended now
   * into space that is reserved. If not, more is being reserved: {@link LogListener#spaceReserved}
   * or {@link LogListener#spaceRefused} follows, and the caller asks again. False for good after a
   * failure.
   */
  boolean canAppend(long bytes);

  /** As {@link #canAppend}, for a guess: if not, nothing is reserved for it. */
  boolean hasRoom(long bytes);

  /**
   * The same for internal effects (pings, expiry), which may use the reserve that clients may not;
   * only its very end is left for records about the log itself.
   */
  boolean canAppendInternal(long bytes);

  /** The same for {@link #appendIdentity} and {@link #markClean}, which may use all there is. */
  boolean canAppendIdentity();

  /** Bytes that may still be written on the log's volume, measured within the last seconds. */
  long usableBytes();

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
  void append(ByteBuf bytes, int from, int length, int dbAtStart, long wallClockMs);

  /**
   * Appends a record without stream bytes that gives the stream from here on the name {@code
   * history}.
   *
   * <p>REQUIRES: it is forced ({@link #requestSync}, then {@link #durableIdentity}) before the
   * first byte under a new id leaves this node.
   */
  void appendIdentity(History history, int db, long wallClockMs);

  /** True once the last {@link #appendIdentity} is on disk. */
  boolean durableIdentity();

  /**
   * Removes whole segments that end at or below {@code keepFromOffset} (and are durable) and are
   * beyond the retention by bytes or by age, or in the way of {@link LogConfig#minFreeBytes()}. The
   * files go on the log-prepare thread.
   */
  void trim(long keepFromOffset, long nowMs);

  /**
   * What {@link #trim} with {@code keepFromOffset} would remove on account of {@link
   * LogConfig#minFreeBytes()} alone: whoever needs the log from below the offset that this returns
   * is in the way of that. {@link #startOffset()} if there is space enough, or nothing to be had.
   */
  long crowdedBelow(long keepFromOffset);

  /**
   * Has the log-scrub thread verify old segments, from the oldest on: {@link LogListener#damaged}
   * and {@link LogListener#scrubbed} follow. Returns at once; any thread.
   *
   * @param all those too that were verified since the log was opened, and the newest one up to its
   *     last commit
   * @param bytesPerSecond limit of the reading; 0 for none
   */
  void scrub(boolean all, long bytesPerSecond);

  /** What {@link #scrub} has come to. Any thread. */
  ScrubStatus scrubStatus();

  /**
   * Goes on to the next segment if the newest one is damaged, and the next one ready: a damaged
   * segment can be dropped only when nothing is appended to it any more. Thread: the owner's.
   *
   * @param db the database that the stream has selected at its end
   * @return whether it has; what is damaged lies below {@link #endOffset} then
   */
  boolean leaveDamaged(int db, long nowMs);

  /**
   * Removes what is older than damage that a reader or the scrub has met, retention or not: nobody
   * can be served from there. A damaged segment that reaches beyond {@code snapshotOffset} stays,
   * until a newer snapshot makes it superfluous.
   */
  void dropDamaged(long snapshotOffset);

  /**
   * A reader whose first byte is the one at {@code offset}, in the middle of a record too. For an
   * offset in a segment of an earlier run, the first call reads that segment to index it.
   *
   * @throws LogException OUT_OF_RANGE unless {@code startOffset() <= offset <= endOffset()};
   *     DAMAGED, IO
   */
  LogReader reader(long offset);

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
  LogCopy copyTo(Path target);

  /**
   * Makes another log in an empty directory, which begins as this one does: with those sealed
   * segments that end at or below {@code mostOffset}. They are shared by hard links, but for the
   * last one, which is copied. Not for the engine thread.
   *
   * <p>REQUIRES: nothing at or behind {@code mostOffset} is trimmed meanwhile; oldest segments that
   * go are left out.
   *
   * @param config of the new log
   * @return empty if no segment ends there: then the directory is as it was
   * @throws LogException IO, DAMAGED
   */
  Optional<LogBranch> branch(LogConfig config, LogListener listener, long mostOffset);

  /** Asks the log-sync thread to force all that has been appended. */
  void requestSync();

  /**
   * Waits until what has been appended before the call is on disk. Not for the engine thread while
   * it serves.
   *
   * @throws LogException IO if it never will be: a force has failed, or the log is closed
   */
  void sync();

  /** Appends the marker of a clean close, consumed by the next append. {@link #close} forces it. */
  void markClean(int db, long wallClockMs);

  /** True if the log, as opened, ends with the marker of a clean close. */
  boolean wasClean();

  /**
   * Forces what has been appended, ends the threads and closes the files; readers must be closed by
   * their owners. Nobody may append any more.
   *
   * @throws LogException IO if forcing failed, now or earlier
   */
  @Override
  void close();
}
