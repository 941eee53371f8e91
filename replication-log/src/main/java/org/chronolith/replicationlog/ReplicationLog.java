package org.chronolith.replicationlog;

import io.netty.buffer.ByteBuf;

/**
 * The log of the replication stream. Offsets are Redis's: the number of bytes of the stream so far;
 * ranges are {@code [start, end)}.
 *
 * <p>Threads: {@link #append}, {@link #appendIdentity}, {@link #canAppend}, {@link #trim} and
 * {@link #markClean} belong to one owner, the engine thread: the first that calls one of them, or
 * the one that called {@link #adopt()} last. All else may be called from any thread.
 */
public final class ReplicationLog implements AutoCloseable {
  private ReplicationLog() {}

  /** True if {@code config.dir()} holds a log that can be opened. */
  public static boolean exists(LogConfig config) {
    throw new UnsupportedOperationException();
  }

  /**
   * Opens an existing log at the longest valid prefix that ends at a commit.
   *
   * @throws LogException DAMAGED if there is no log in the directory, IO
   */
  public static ReplicationLog open(LogConfig config, LogListener listener) {
    throw new UnsupportedOperationException();
  }

  /**
   * Makes a new log whose first byte has the offset {@code startOffset}, in an empty or missing
   * directory, and forces its identity to the disk.
   */
  public static ReplicationLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db) {
    throw new UnsupportedOperationException();
  }

  /** What {@link #open} found; for a created log an empty report. */
  public RecoveryReport recovery() {
    throw new UnsupportedOperationException();
  }

  /** First byte that a reader can ask for. */
  public long startOffset() {
    throw new UnsupportedOperationException();
  }

  /** End of the stream: the offset of the next byte to be appended. Covers whole commits only. */
  public long endOffset() {
    throw new UnsupportedOperationException();
  }

  /** Every byte below it is on disk. */
  public long durableOffset() {
    throw new UnsupportedOperationException();
  }

  /** The history, as recovered or last appended. */
  public History history() {
    throw new UnsupportedOperationException();
  }

  /** File bytes in use, reserved space included. */
  public long sizeBytes() {
    throw new UnsupportedOperationException();
  }

  /** Makes the calling thread the owner, after another one opened or filled the log. */
  public void adopt() {
    throw new UnsupportedOperationException();
  }

  /**
   * Whether {@code bytes} of clients' effects can be appended now into space that is reserved. If
   * not, more is being reserved: {@link LogListener#spaceReserved} or {@link
   * LogListener#spaceRefused} follows.
   */
  public boolean canAppend(long bytes) {
    throw new UnsupportedOperationException();
  }

  /** The same for internal effects (pings, expiry), which may use the last reserve. */
  public boolean canAppendInternal(long bytes) {
    throw new UnsupportedOperationException();
  }

  /**
   * Appends {@code length} bytes of {@code bytes} from index {@code from}: whole effects, one
   * commit. More than {@link LogConfig#maxRecordBytes()} becomes numbered parts of one group, of
   * which the last commits. The buffer is neither moved nor released.
   *
   * <p>REQUIRES: {@link #canAppend} or {@link #canAppendInternal} said yes for as much.
   *
   * @param dbAtStart database selected in the stream at the first of the bytes
   * @throws LogException NO_SPACE if the rule is broken (nothing was written); IO after a failed
   *     sync
   */
  public void append(ByteBuf bytes, int from, int length, int dbAtStart, long wallClockMs) {
    throw new UnsupportedOperationException();
  }

  /**
   * Appends a record without stream bytes that gives the stream from here on the name {@code
   * history}.
   *
   * <p>REQUIRES: it is forced ({@link #requestSync} and {@link #durableIdentity}) before the first
   * byte under a new id leaves this node.
   */
  public void appendIdentity(History history, int db, long wallClockMs) {
    throw new UnsupportedOperationException();
  }

  /** True once the last {@link #appendIdentity} is on disk. */
  public boolean durableIdentity() {
    throw new UnsupportedOperationException();
  }

  /**
   * Removes whole segments that end at or below {@code keepFromOffset} and are beyond the retention
   * by bytes or by age. The files go on the log-prepare thread.
   */
  public void trim(long keepFromOffset, long nowMs) {
    throw new UnsupportedOperationException();
  }

  /**
   * A reader whose first byte is the one at {@code offset}, in the middle of a record too.
   *
   * @throws LogException OUT_OF_RANGE unless {@code startOffset() <= offset <= endOffset()}
   */
  public LogReader reader(long offset) {
    throw new UnsupportedOperationException();
  }

  /** Asks the log-sync thread to force all that has been appended. */
  public void requestSync() {
    throw new UnsupportedOperationException();
  }

  /** Waits until what has been appended before the call is on disk. Not for the engine thread. */
  public void sync() {
    throw new UnsupportedOperationException();
  }

  /** Appends the marker of a clean close, consumed by the next append. {@link #close} forces it. */
  public void markClean(int db, long wallClockMs) {
    throw new UnsupportedOperationException();
  }

  /** True if the log, as opened, ends with the marker of a clean close. */
  public boolean wasClean() {
    throw new UnsupportedOperationException();
  }

  /** Forces what has been appended, ends the threads and closes the files. */
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
