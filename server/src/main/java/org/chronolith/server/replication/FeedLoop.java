package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * All feeds on the replication loop, and how the engine thread wakes them: with one task that is
 * posted only when none is pending.
 *
 * <p>Thread: the replication loop, unless a method says otherwise.
 */
final class FeedLoop {
  private static final int SCRATCH_BYTES = 80 << 10;
  private static final int HOUSEKEEPING_MS = 1000;

  private final NetworkLoop loop;
  private final LongSupplier timeoutMs;
  private final BooleanSupplier durableOnly;
  private final Consumer<ReplicaFeed> onClosed;
  private final Runnable onAcknowledged;
  private final Verification verification;
  private final AtomicBoolean wakePending = new AtomicBoolean();
  private final List<ReplicaFeed> feeds = new ArrayList<>();
  private final ByteBuf scratch = PooledByteBufAllocator.DEFAULT.directBuffer(SCRATCH_BYTES);
  private volatile int count;

  /** Hears what verification finds. Called on the replication loop. */
  interface Verification {
    /** So many blocks of some replica are the same as here, and so many cannot be compared. */
    void verified(int blocks, int skipped);

    /** A block of a replica differs. */
    void differs(ReplicaFeed feed, Mismatch mismatch);

    /** A replica was sent the whole data set, and has it. */
    void synced(ReplicaFeed feed);
  }

  /**
   * @param durableOnly whether replicas are sent only what is on this node's disk
   * @param onClosed called for each feed that ends
   * @param onAcknowledged called after each acknowledgement that moved on
   */
  FeedLoop(
      NetworkLoop loop,
      LongSupplier timeoutMs,
      BooleanSupplier durableOnly,
      Consumer<ReplicaFeed> onClosed,
      Runnable onAcknowledged,
      Verification verification) {
    this.verification = verification;
    this.loop = loop;
    this.timeoutMs = timeoutMs;
    this.durableOnly = durableOnly;
    this.onClosed = onClosed;
    this.onAcknowledged = onAcknowledged;
    loop.every(this::housekeeping, HOUSEKEEPING_MS);
  }

  NetworkLoop loop() {
    return loop;
  }

  /** Where feeds read the log to; used up within the call. */
  ByteBuf scratch() {
    return scratch;
  }

  /**
   * Where feeds stop: the end of the log, or the end of what is on disk if only that is wanted, or
   * if no more ever will be: what a replica had beyond it could differ from what this node has
   * after its next start.
   */
  long limitOffset(ReplicationLog log) {
    return durableOnly.getAsBoolean() || log.failure() != null
        ? log.durableOffset()
        : Long.MAX_VALUE;
  }

  /** The log has grown. Any thread; waits for nothing. */
  void wake() {
    if (count > 0 && wakePending.compareAndSet(false, true)) {
      loop.execute(this::pumpAll);
    }
  }

  private void pumpAll() {
    wakePending.set(false);
    // Backwards: one that fails takes itself off the list.
    for (int i = feeds.size() - 1; i >= 0; i--) {
      feeds.get(i).pump();
    }
  }

  private void housekeeping() {
    long nowMs = loop.clock().wallMs();
    for (ReplicaFeed feed : List.copyOf(feeds)) {
      feed.housekeeping(nowMs, timeoutMs.getAsLong());
    }
  }

  void add(ReplicaFeed feed) {
    feeds.add(feed);
    count = feeds.size();
  }

  void closed(ReplicaFeed feed) {
    feeds.remove(feed);
    count = feeds.size();
    onClosed.accept(feed);
  }

  void acknowledged() {
    onAcknowledged.run();
  }

  void verified(int blocks, int skipped) {
    verification.verified(blocks, skipped);
  }

  void differs(ReplicaFeed feed, Mismatch mismatch) {
    verification.differs(feed, mismatch);
  }

  void synced(ReplicaFeed feed) {
    verification.synced(feed);
  }

  /** After the loop has been closed, with its connections. */
  void release() {
    scratch.release();
  }
}
