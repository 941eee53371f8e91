package org.chronolith.server.tools;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.Generation;
import org.chronolith.server.recovery.HistoryAttributes;
import org.chronolith.server.recovery.KeyspaceSource;
import org.chronolith.server.recovery.SnapshotSource;

/**
 * Writes a loaded data set as the live generation of a data directory: a checkpoint at its offset,
 * and a log that begins there and was closed cleanly.
 */
final class StateWriter {
  private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private StateWriter() {}

  /**
   * @return the number of keys
   */
  static long write(
      DataDirectory into, OfflineDataset state, long offset, History history, Progress progress) {
    Generation generation = into.newGeneration();
    int db = state.target().db();
    long nowMs = System.currentTimeMillis();
    state.keyspace().begin(nowMs, ExpiryMode.IGNORE);
    SnapshotMeta meta =
        new SnapshotMeta(
            offset,
            history.currentId(),
            db,
            nowMs,
            new KeyspaceSource(state::keyspace).keys(),
            HistoryAttributes.of(history));
    progress.begin("writing", 0);
    checkpoint(generation.snapshots(), state, meta, progress);
    try (ReplicationLog log =
        ReplicationLog.create(
            LogConfig.of(generation.log()), LogListener.none(), offset, history, db)) {
      log.adopt();
      log.markClean(db, nowMs);
    }
    into.begins(generation, offset, meta.keys());
    into.switchTo(generation);
    return meta.keys();
  }

  /** Makes a checkpoint of the whole state. */
  static void checkpoint(
      Path snapshots, OfflineDataset state, SnapshotMeta meta, Progress progress) {
    KeyspaceSource source = new KeyspaceSource(state::keyspace);
    try (SnapshotStore store =
        SnapshotStore.open(SnapshotConfig.defaults(snapshots), SnapshotListener.none())) {
      store.requireFull();
      while (!source.prepare(SLICE_NANOS)) {
        progress.at(0);
      }
      SnapshotSession session = store.begin();
      source.begin(session, true);
      walk(source, session, progress);
      session.finish(meta);
      while (!session.state().isFinal()) {
        LockSupport.parkNanos(WAIT_NANOS);
        progress.at(session.bytesTaken());
      }
      checkWhole(session);
    }
  }

  private static void walk(SnapshotSource source, SnapshotSession session, Progress progress) {
    while (true) {
      switch (source.step(SLICE_NANOS)) {
        case DONE -> {
          return;
        }
        case GAVE_WAY -> throw new ToolException("cannot write the state: " + source.reason());
        case BLOCKED -> LockSupport.parkNanos(WAIT_NANOS);
        case MORE -> progress.at(session.bytesTaken());
      }
      if (session.state().isFinal()) {
        checkWhole(session);
      }
    }
  }

  private static void checkWhole(SnapshotSession session) {
    if (session.state() != SnapshotSession.State.COMPLETE) {
      throw new ToolException("cannot write the state: " + session.reason());
    }
  }
}
