package org.chronolith.server.tools;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.CheckpointFile;
import org.chronolith.engine.snapshot.CheckpointInspector;
import org.chronolith.engine.snapshot.MetaFile;
import org.chronolith.engine.snapshot.SnapshotMeta;

/** The checkpoints that a start would take for sound. Stateless. */
final class Bases {
  private static final String TABLE = ".sst";

  private Bases() {}

  /**
   * A state to start from.
   *
   * @param checkpoint empty for the empty data set at offset 0
   * @param ms wall clock of the state
   */
  record Base(Optional<Path> checkpoint, Optional<SnapshotMeta> meta, long offset, long ms) {
    @Override
    public String toString() {
      return checkpoint
          .map(path -> path.getFileName().toString())
          .orElse("the empty data set at offset 0");
    }
  }

  /** All that are in {@code snapshots}, oldest first. */
  static List<Base> of(Path snapshots) {
    List<Base> found = new ArrayList<>();
    for (Path path : CheckpointInspector.list(snapshots)) {
      try {
        MetaFile meta = CheckpointInspector.meta(path);
        if (isUsable(path, meta)) {
          found.add(
              new Base(
                  Optional.of(path),
                  Optional.of(meta.meta()),
                  meta.meta().offset(),
                  meta.meta().createdMs()));
        }
      } catch (EngineException e) {
        // Not sound: a start passes it over, and so does whoever looks for a base.
        continue;
      }
    }
    return found;
  }

  /** The others, oldest first: what has the name of a checkpoint and is not sound. */
  static List<Path> damaged(Path snapshots) {
    List<Path> found = new ArrayList<>(CheckpointInspector.list(snapshots));
    of(snapshots).forEach(base -> found.remove(base.checkpoint().orElseThrow()));
    return found;
  }

  /** Offset of the newest one; 0 if there is none. */
  static long newestOffset(Path snapshots) {
    List<Base> all = of(snapshots);
    return all.isEmpty() ? 0 : all.get(all.size() - 1).offset();
  }

  /** A start looks at the sizes of all files and into the small ones; tables it meets later. */
  static boolean isUsable(Path checkpoint, MetaFile meta) {
    for (CheckpointFile file : meta.files()) {
      Path path = checkpoint.resolve(file.name());
      if (!Files.exists(path) || path.toFile().length() != file.bytes()) {
        return false;
      }
      if (!file.name().endsWith(TABLE)) {
        try {
          CheckpointInspector.verify(checkpoint, file);
        } catch (EngineException e) {
          return false;
        }
      }
    }
    return true;
  }
}
