package org.chronolith.server.recovery;

import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.Snapshot;
import org.chronolith.engine.snapshot.BatchSink;

/** A keyspace, the live one mostly. Thread: its owner. */
public final class KeyspaceSource implements SnapshotSource {
  /** Items between two looks at the clock; some tens of microseconds. */
  private static final int CHUNK_ITEMS = 128;

  private final Supplier<Keyspace> keyspace;
  private final LongSupplier nanos;
  private Snapshot walk;

  /**
   * @param keyspace the live one; it may be replaced by a full sync, while no walk runs
   */
  public KeyspaceSource(Supplier<Keyspace> keyspace) {
    this(keyspace, System::nanoTime);
  }

  /**
   * As the other one.
   *
   * @param nanos by which steps are measured
   */
  public KeyspaceSource(Supplier<Keyspace> keyspace, LongSupplier nanos) {
    this.keyspace = keyspace;
    this.nanos = nanos;
  }

  @Override
  public boolean prepare(long budgetNanos) {
    if (keyspace.get().settleSlice(budgetNanos)) {
      return false;
    }
    return keyspace.get().canSnapshot();
  }

  @Override
  public void begin(BatchSink sink, boolean everything) {
    walk = keyspace.get().snapshot(sink, everything);
  }

  @Override
  public Step step(long budgetNanos) {
    long deadline = nanos.getAsLong() + budgetNanos;
    do {
      if (walk.step(CHUNK_ITEMS)) {
        return Step.DONE;
      }
      if (walk.state() == Snapshot.State.ABORTED) {
        return Step.GAVE_WAY;
      }
      if (walk.isSinkFull()) {
        return Step.BLOCKED;
      }
    } while (nanos.getAsLong() - deadline < 0);
    return Step.MORE;
  }

  @Override
  public void abort(String why) {
    walk.abort(why);
  }

  @Override
  public String reason() {
    return walk.reason();
  }

  @Override
  public long itemsExamined() {
    return walk.itemsExamined();
  }

  @Override
  public long keys() {
    long keys = 0;
    for (int i = 0; i < keyspace.get().databases(); i++) {
      keys += keyspace.get().database(i).size();
    }
    return keys;
  }
}
