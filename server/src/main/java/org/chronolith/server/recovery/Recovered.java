package org.chronolith.server.recovery;

import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * A generation, open and loaded. The engine thread adopts the log and the keyspace; whoever holds
 * this closes the store and the log.
 *
 * @param streamDb database that the stream has selected at the log's end
 * @param items items loaded from the checkpoint
 * @param replayedBytes stream bytes applied after the checkpoint
 * @param replayedCommands commands in them: changes that no snapshot has yet
 * @param elapsedMs of the whole
 */
public record Recovered(
    Generation generation,
    SnapshotStore snapshots,
    ReplicationLog log,
    int streamDb,
    long items,
    long replayedBytes,
    long replayedCommands,
    long elapsedMs) {

  /** Offset of the newest checkpoint, or where the log starts if there is none. */
  public long snapshotOffset() {
    return snapshots.newest().map(Checkpoint::offset).orElseGet(log::startOffset);
  }

  public History history() {
    return log.history();
  }

  /** Closes the log and the store, each whatever becomes of the other. */
  public void close() {
    try {
      log.close();
    } finally {
      snapshots.close();
    }
  }
}
