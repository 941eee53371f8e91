package org.chronolith.server.recovery;

import org.chronolith.replicationlog.History;

/** The replication stream as a snapshot sees it. Thread: engine. */
public interface SnapshotStream {
  /**
   * Appends what is staged, so that the keyspace is exactly the state at the offset that this
   * returns.
   */
  long appendStaged();

  /** End of the log. */
  long endOffset();

  /** Whether the volume has less free than it should, so that a snapshot ought to free some log. */
  boolean isSpaceLow();

  /** Bytes that may still be written on the volume, measured within the last seconds. */
  long usableBytes();

  /** Every byte below it is on disk. */
  long durableOffset();

  /** Whether the name that the stream has now is on disk, too. */
  boolean durableIdentity();

  /** The oldest byte of the log that is kept. */
  long startOffset();

  /** Asks for the log to be forced; does not wait. */
  void requestSync();

  History history();

  /** The database that the stream has selected at its end. */
  int selectedDb();

  /**
   * Appends no more to a part of the log that is damaged, if there is another.
   *
   * @return whether it has gone on to another one, just now
   */
  boolean leaveDamaged(long nowMs);

  /**
   * Lets go of the log below {@code keepFromOffset}, as far as retention, replicas and running full
   * syncs allow; of what is damaged, and older, in any case.
   *
   * @return first offset that the log still has
   */
  long trim(long keepFromOffset, long nowMs);
}
