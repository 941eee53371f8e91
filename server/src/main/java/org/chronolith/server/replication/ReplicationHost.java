package org.chronolith.server.replication;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.FullSyncTarget;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.Recovery;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.recovery.SnapshotDuty;
import org.chronolith.server.recovery.SpaceFloor;
import org.chronolith.server.work.Workers;

/** What replication needs of the node around it. */
public interface ReplicationHost {
  /** Snapshots of the live generation. Thread: engine. */
  SnapshotStore snapshots();

  /** Bytes of the log that a replica may be behind before its claim ends; 0 for no limit. */
  long replicaLogBytes();

  /** Has clients' writes wait, while the role is handed over. Thread: engine. */
  void pauseWrites(boolean on);

  /** Has clients' writes wait, from the wish to stop to the end. Thread: engine. */
  void pauseUntilStop(boolean on);

  /** Whether clients' writes wait, for whatever reason. Thread: engine. */
  boolean isPaused();

  /** Asks for a snapshot; one that runs already will do. Thread: engine. */
  void requestSnapshot(String reason, SnapshotDuty.Outcome outcome);

  /** Thread: any; its calls are for the loader. */
  DataDirectory data();

  /** What files that are made for others leave on the volume. Thread: any. */
  SpaceFloor spaceFloor();

  /** Makes a generation of received files. Thread: any; its calls are for the loader. */
  Recovery recovery();

  /** Threads for what waits for the disk. Thread: any. */
  Workers workers();

  /** What applies a master's stream to the live keyspace; made once. Thread: engine. */
  StreamExecutor streamExecutor(StreamExecutor.Control control);

  /**
   * An empty keyspace, owned by the calling thread, to be filled by a full sync. Thread: loader.
   */
  FullSyncTarget newTarget();

  /**
   * Goes on with a generation that a full sync has brought: keyspace, log and snapshots change in
   * one step; the old ones are closed, and their files removed, elsewhere. Thread: engine.
   *
   * @param target what {@link #newTarget()} gave
   */
  void adopt(Recovered recovered, RecoveryTarget target);

  /** Frees what {@link #newTarget()} gave, after a failure. Thread: loader. */
  void discard(RecoveryTarget target);

  /**
   * Writes an RDB of that version of what {@code checkpoint} holds. Thread: rdb.
   *
   * @return bytes written
   * @throws IOException if {@code out} fails
   */
  long writeRdb(
      Checkpoint checkpoint,
      RdbVersion version,
      Map<String, String> auxiliary,
      WritableByteChannel out)
      throws IOException;

  /** Ends the process: memory and log no longer agree. Thread: any. */
  void fatal(String reason, Throwable cause);
}
