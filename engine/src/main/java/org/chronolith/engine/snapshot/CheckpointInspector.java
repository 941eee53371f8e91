package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;

/**
 * Reads the checkpoints in a directory as they are, changing nothing: for tools, beside a running
 * server too, which may remove a superseded checkpoint at any time.
 *
 * <p>Thread: any that may wait for the disk.
 */
public final class CheckpointInspector {
  private CheckpointInspector() {}

  /**
   * Directories that are named as complete checkpoints, by offset, the newest last; none if the
   * directory is missing.
   *
   * @throws EngineException if the directory cannot be read
   */
  public static List<Path> list(Path snapshots) {
    List<Map.Entry<CheckpointName, Path>> found = new ArrayList<>();
    try {
      if (Files.isDirectory(snapshots)) {
        for (Path path : CheckpointFiles.list(snapshots)) {
          Optional<CheckpointName> name = CheckpointName.parse(path);
          name.ifPresent(value -> found.add(Map.entry(value, path)));
        }
      }
    } catch (IOException e) {
      throw new EngineException(Severity.RETRYABLE, "cannot list " + snapshots + ": " + e, e);
    }
    found.sort(Map.Entry.comparingByKey(Comparator.naturalOrder()));
    return found.stream().map(Map.Entry::getValue).toList();
  }

  /**
   * The META of a checkpoint.
   *
   * @throws EngineException CORRUPTION if it is missing or damaged
   */
  public static MetaFile meta(Path checkpoint) {
    Path file = checkpoint.resolve(MetaFile.NAME);
    try {
      return MetaFile.decode(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException e) {
      throw new EngineException(Severity.CORRUPTION, file + ": missing", e);
    } catch (IOException e) {
      throw new EngineException(Severity.RETRYABLE, "cannot read " + file + ": " + e, e);
    }
  }

  /**
   * Compares a file of a checkpoint, all its bytes, with what META says of it.
   *
   * @throws EngineException CORRUPTION, naming the file
   */
  public static void verify(Path checkpoint, CheckpointFile file) {
    try {
      CheckpointFiles.verify(checkpoint, file, true);
    } catch (IOException e) {
      throw new EngineException(
          Severity.RETRYABLE, "cannot read " + checkpoint.resolve(file.name()) + ": " + e, e);
    }
  }

  /**
   * Opens a checkpoint for reading its items, every block's checksum verified. Nothing is written
   * beside it.
   *
   * @param scratch a directory that RocksDB may use; it may be missing
   * @throws EngineException CORRUPTION
   */
  public static CheckpointReader read(Path checkpoint, Path scratch) {
    Checkpoint opened = new Checkpoint(checkpoint, meta(checkpoint), released -> {});
    return new RocksCheckpointReader(opened, SnapshotConfig.defaults(scratch));
  }
}
