package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import org.chronolith.engine.rdb.RdbContents;
import org.chronolith.engine.rdb.RdbListener;

/**
 * A keyspace that can be filled from an RDB as well, and written to a checkpoint before anybody
 * adopts it. Thread: {@code loader}.
 */
public interface FullSyncTarget extends RecoveryTarget {
  /**
   * Reads an RDB to its end.
   *
   * @param totalBytes of it, or -1 if that is not known
   * @throws org.chronolith.engine.EngineException if it is damaged, or holds what this server
   *     cannot
   * @throws IOException if the channel fails
   */
  RdbContents readRdb(ReadableByteChannel rdb, long totalBytes, RdbListener listener)
      throws IOException;

  /** What it holds now, for a snapshot. */
  SnapshotSource snapshotSource();
}
