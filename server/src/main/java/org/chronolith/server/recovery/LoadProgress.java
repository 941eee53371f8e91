package org.chronolith.server.recovery;

/**
 * How far a start has come, for {@code INFO persistence}. Written by {@code loader}, read by any
 * thread.
 */
public final class LoadProgress {
  private volatile long startedMs;
  private volatile long totalBytes;
  private volatile long loadedBytes;
  private volatile long items;
  private volatile long keys;
  private volatile boolean loading;

  void start(long nowMs, long bytes) {
    startedMs = nowMs;
    totalBytes = bytes;
    loadedBytes = 0;
    items = 0;
    keys = 0;
    loading = true;
  }

  /** Of the one writer. */
  void add(long bytes, long newItems) {
    loadedBytes = Math.min(totalBytes, loadedBytes + bytes);
    items = items + newItems;
  }

  /** Keys that the checkpoint says it has. */
  void keys(long count) {
    keys = count;
  }

  void end() {
    loadedBytes = totalBytes;
    loading = false;
  }

  public boolean loading() {
    return loading;
  }

  /** Wall clock, ms. */
  public long startedMs() {
    return startedMs;
  }

  /** File bytes of the checkpoint and stream bytes of the log after it. */
  public long totalBytes() {
    return totalBytes;
  }

  public long loadedBytes() {
    return loadedBytes;
  }

  /** Keys of the checkpoint that was loaded last. */
  public long keys() {
    return keys;
  }

  /** Items of the checkpoint so far. */
  public long items() {
    return items;
  }
}
