package org.chronolith.server.replication;

import java.util.concurrent.atomic.LongAdder;

/**
 * Figures of {@code INFO stats}. Written by the engine thread, but for those of {@link #verified},
 * and read by any.
 */
public final class ReplicationCounters {
  private volatile long syncFull;
  private volatile long syncFullResumed;
  private volatile long syncPartialOk;
  private volatile long syncPartialErr;
  private final LongAdder verifiedBlocks = new LongAdder();
  private final LongAdder unverifiedBlocks = new LongAdder();
  private volatile long mismatchedBlocks;
  private volatile long mismatchResyncs;

  /** Full resyncs with replicas. */
  public long syncFull() {
    return syncFull;
  }

  /** How often such a resync went on after it was cut off; not counted as another one. */
  public long syncFullResumed() {
    return syncFullResumed;
  }

  /** Partial resync requests that were accepted. */
  public long syncPartialOk() {
    return syncPartialOk;
  }

  /** Partial resync requests that were denied. */
  public long syncPartialErr() {
    return syncPartialErr;
  }

  /** Blocks of the stream that were found the same in this node's log and in a replica's. */
  public long verifiedBlocks() {
    return verifiedBlocks.sum();
  }

  /** Blocks that a replica has told of, and that could not be compared with this node's log. */
  public long unverifiedBlocks() {
    return unverifiedBlocks.sum();
  }

  /** Blocks that differ between this node and a replica, or between it and its master. */
  public long mismatchedBlocks() {
    return mismatchedBlocks;
  }

  /** Full resyncs that this node took because its data differed from its master's. */
  public long mismatchResyncs() {
    return mismatchResyncs;
  }

  /** {@code CONFIG RESETSTAT}. */
  public void reset() {
    syncFull = 0;
    syncFullResumed = 0;
    syncPartialOk = 0;
    syncPartialErr = 0;
    verifiedBlocks.reset();
    unverifiedBlocks.reset();
    mismatchedBlocks = 0;
    mismatchResyncs = 0;
  }

  void full() {
    syncFull = syncFull + 1;
  }

  void fullResumed() {
    syncFullResumed = syncFullResumed + 1;
  }

  void partialOk() {
    syncPartialOk = syncPartialOk + 1;
  }

  void partialErr() {
    syncPartialErr = syncPartialErr + 1;
  }

  /** Any thread. */
  void verified(int blocks, int skipped) {
    verifiedBlocks.add(blocks);
    unverifiedBlocks.add(skipped);
  }

  void mismatched(long blocks) {
    mismatchedBlocks = mismatchedBlocks + blocks;
  }

  void mismatchResync() {
    mismatchResyncs = mismatchResyncs + 1;
  }
}
