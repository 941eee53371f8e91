package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One snapshot on its way to disk, from {@link SnapshotStore#begin()} to a checkpoint or to a
 * failure. The engine thread calls {@code offer}, {@code finish} and {@code abort}, none of which
 * waits; the thread {@code snapshot} does the work behind them, in the same order.
 *
 * <p>An aborted session loses nothing that it took: what was taken is still written into the
 * working database, so the next session need only bring what was not. A failed one may have lost
 * some of it: {@link SnapshotStore#needsFull()} then says that the next must bring everything.
 */
public final class SnapshotSession implements BatchSink {
  /** Where a session is; the last three are final. */
  public enum State {
    /** The working database is being opened; batches are already taken. */
    OPENING,
    RECEIVING,
    /** Everything was handed over; the checkpoint is being made. */
    FINISHING,
    COMPLETE,
    ABORTED,
    FAILED;

    public boolean isFinal() {
      return this == COMPLETE || this == ABORTED || this == FAILED;
    }
  }

  private final SnapshotStore store;
  private final boolean full;
  private final long startedNanos = System.nanoTime();
  private final AtomicReference<State> state = new AtomicReference<>(State.OPENING);
  private volatile String reason = "";
  private volatile boolean failedForSpace;
  private volatile long batchesTaken;
  private volatile long bytesTaken;
  private volatile long bytesWritten;

  SnapshotSession(SnapshotStore store, boolean full) {
    this.store = store;
    this.full = full;
  }

  /** Whether this session has to bring the whole keyspace, not only what changed. */
  public boolean full() {
    return full;
  }

  /** Thread: any. */
  public State state() {
    return state.get();
  }

  /** Why it was aborted or failed; empty otherwise. Thread: any. */
  public String reason() {
    return reason;
  }

  /**
   * Whether it failed because the volume had no space for it: what it took is given back by then,
   * so the free space does not tell. Thread: any.
   */
  public boolean failedForSpace() {
    return failedForSpace;
  }

  /** Batches taken so far. Thread: any. */
  public long batchesTaken() {
    return batchesTaken;
  }

  /** Bytes taken so far. Thread: any. */
  public long bytesTaken() {
    return bytesTaken;
  }

  /** Bytes of batches given to RocksDB so far. Thread: any. */
  public long bytesWritten() {
    return bytesWritten;
  }

  /** Milliseconds since {@link SnapshotStore#begin()}. Thread: any. */
  public long elapsedMs() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
  }

  /** {@inheritDoc} False as well once the session is over: look at {@link #state()}. */
  @Override
  public boolean offer(ByteBuf batch) {
    State now = state.get();
    if (now != State.OPENING && now != State.RECEIVING) {
      return false;
    }
    int bytes = batch.readableBytes();
    if (!store.enqueue(this, batch)) {
      return false;
    }
    batchesTaken = batchesTaken + 1;
    bytesTaken = bytesTaken + bytes;
    return true;
  }

  /**
   * Everything at {@code meta.offset()} was offered: make the checkpoint. The outcome goes to the
   * listener. REQUIRES: the log is durable through that offset. Thread: the engine thread.
   *
   * @return false if the session is already over
   */
  public boolean finish(SnapshotMeta meta) {
    // In this order: the snapshot thread may move from opening to receiving between the two.
    if (!move(State.OPENING, State.FINISHING) && !move(State.RECEIVING, State.FINISHING)) {
      return false;
    }
    store.enqueueFinish(this, meta);
    return true;
  }

  /**
   * Gives up before {@link #finish}. Thread: the engine thread.
   *
   * @return false if the session was finished or is already over
   */
  public boolean abort(String why) {
    if (move(State.OPENING, State.ABORTED) || move(State.RECEIVING, State.ABORTED)) {
      reason = why;
      return true;
    }
    return false;
  }

  void opened() {
    move(State.OPENING, State.RECEIVING);
  }

  void written(int bytes) {
    bytesWritten = bytesWritten + bytes;
  }

  void complete() {
    move(State.FINISHING, State.COMPLETE);
  }

  void fail(String why, boolean forSpace) {
    reason = why;
    failedForSpace = forSpace;
    state.set(State.FAILED);
  }

  private boolean move(State from, State to) {
    return state.compareAndSet(from, to);
  }
}
