package org.chronolith.server.replication;

/** Figures of {@code INFO stats}. Written by the engine thread, read by any. */
public final class ReplicationCounters {
  private volatile long syncFull;
  private volatile long syncPartialOk;
  private volatile long syncPartialErr;

  /** Full resyncs with replicas. */
  public long syncFull() {
    return syncFull;
  }

  /** Partial resync requests that were accepted. */
  public long syncPartialOk() {
    return syncPartialOk;
  }

  /** Partial resync requests that were denied. */
  public long syncPartialErr() {
    return syncPartialErr;
  }

  /** {@code CONFIG RESETSTAT}. */
  public void reset() {
    syncFull = 0;
    syncPartialOk = 0;
    syncPartialErr = 0;
  }

  void full() {
    syncFull = syncFull + 1;
  }

  void partialOk() {
    syncPartialOk = syncPartialOk + 1;
  }

  void partialErr() {
    syncPartialErr = syncPartialErr + 1;
  }
}
