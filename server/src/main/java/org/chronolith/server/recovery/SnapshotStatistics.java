package org.chronolith.server.recovery;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Figures about snapshots, under the names of {@code INFO persistence}. Thread: engine, but for
 * what is damaged.
 */
public final class SnapshotStatistics {
  private long lastSaveMs;
  private long lastAttemptMs;
  private long startedMs;
  private long lastDurationMs = -1;
  private long saves;
  private boolean running;
  private int failuresInARow;
  private final AtomicInteger damaged = new AtomicInteger();
  private volatile String lastDamage = "";

  /**
   * @param nowMs wall clock at the start, which counts as a save, as in Redis
   */
  SnapshotStatistics(long nowMs) {
    lastSaveMs = nowMs;
  }

  void started(long nowMs) {
    running = true;
    startedMs = nowMs;
    lastAttemptMs = nowMs;
  }

  void completed(long nowMs, long elapsedMs) {
    running = false;
    lastSaveMs = nowMs;
    lastDurationMs = elapsedMs;
    failuresInARow = 0;
    saves++;
  }

  void failed(long nowMs) {
    running = false;
    lastDurationMs = nowMs - startedMs;
    failuresInARow++;
  }

  void givenUp() {
    running = false;
  }

  /** Wall clock of the last complete snapshot, ms. */
  public long lastSaveMs() {
    return lastSaveMs;
  }

  long lastAttemptMs() {
    return lastAttemptMs;
  }

  public boolean lastOk() {
    return failuresInARow == 0;
  }

  /** Since the last complete one. */
  int failuresInARow() {
    return failuresInARow;
  }

  /** Duration of the last one, ms; -1 before the first. */
  public long lastDurationMs() {
    return lastDurationMs;
  }

  /** How long the running one has taken, ms; -1 if none is running. */
  public long currentDurationMs(long nowMs) {
    return running ? nowMs - startedMs : -1;
  }

  /** A complete checkpoint turned out to be damaged. Thread: any. */
  void damaged(String problem) {
    lastDamage = problem;
    damaged.incrementAndGet();
  }

  /** Checkpoints found damaged since the start, by the start itself or by a scrub. Thread: any. */
  public int damaged() {
    return damaged.get();
  }

  /** What was found last, with the file; empty if nothing was. Thread: any. */
  public String lastDamage() {
    return lastDamage;
  }

  /** Complete snapshots since the start. */
  public long saves() {
    return saves;
  }
}
