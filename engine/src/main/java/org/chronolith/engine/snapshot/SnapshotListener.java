package org.chronolith.engine.snapshot;

import java.nio.file.Path;
import org.chronolith.engine.EngineException;

/**
 * What the server hears of its snapshots. Thread: {@code snapshot}, except where said; an
 * implementation that wants another thread goes there itself.
 */
public interface SnapshotListener {
  /**
   * A checkpoint is complete and on disk.
   *
   * @param elapsedMs since {@link SnapshotStore#begin()}
   * @param newBytes in files that the previous checkpoint does not share
   */
  void completed(Checkpoint checkpoint, long elapsedMs, long newBytes);

  /** A session failed; the checkpoints are as they were. */
  void failed(SnapshotSession session, EngineException cause);

  /**
   * A damaged or half-made checkpoint was found and is not used. Thread: the caller of {@link
   * SnapshotStore#open}.
   */
  void ignored(Path directory, String reason);

  /** A superseded directory could not be removed; it stays until the next start. */
  void notRemoved(Path directory, String reason);

  /**
   * A file of a complete checkpoint is damaged, and the checkpoint is not used any more. Thread:
   * the one that has read it.
   *
   * @param problem with the file
   */
  default void damaged(String problem) {}

  /** A damaged checkpoint has another name now, and is of no use to the store. */
  default void setAside(Path directory, Path to) {}

  /** A listener that does nothing: for whoever asks the session how it went. */
  static SnapshotListener none() {
    return new SnapshotListener() {
      @Override
      public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {}

      @Override
      public void failed(SnapshotSession session, EngineException cause) {}

      @Override
      public void ignored(Path directory, String reason) {}

      @Override
      public void notRemoved(Path directory, String reason) {}
    };
  }
}
