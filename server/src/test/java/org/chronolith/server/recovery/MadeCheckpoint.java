package org.chronolith.server.recovery;

import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;

/** A store with one checkpoint, of no keys, for what only passes it on. */
public final class MadeCheckpoint implements AutoCloseable {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final SnapshotStore store;

  public MadeCheckpoint(Path directory) {
    store = SnapshotStore.open(SnapshotConfig.defaults(directory), SnapshotListener.none());
    store.requireFull();
    SnapshotSession session = store.begin();
    session.finish(new SnapshotMeta(7, "a".repeat(40), 0, 1, 0, new TreeMap<>()));
    long begun = System.nanoTime();
    while (!session.state().isFinal()) {
      if (System.nanoTime() - begun > DEADLINE_NANOS) {
        throw new AssertionError("no checkpoint within 30 s");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    if (session.state() != SnapshotSession.State.COMPLETE) {
      throw new AssertionError(session.reason());
    }
  }

  public SnapshotStore store() {
    return store;
  }

  /** Retained, for who releases it. */
  public Checkpoint retained() {
    return store.retainNewest().orElseThrow();
  }

  /** How often {@code checkpoint} is retained, the store's own aside. Releases none of them. */
  public static int retains(Checkpoint checkpoint) throws ReflectiveOperationException {
    var field = Checkpoint.class.getDeclaredField("references");
    field.setAccessible(true);
    return ((Number) field.get(checkpoint)).intValue() - 1;
  }

  @Override
  public void close() {
    store.close();
  }
}
