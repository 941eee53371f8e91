package org.chronolith.server.recovery;

import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.engine.snapshot.SnapshotStore;

/**
 * One history's directory: {@code gen-N/log} and {@code gen-N/snapshot}.
 *
 * @param number N, from 1
 */
public record Generation(int number, Path directory) {
  static final String PREFIX = "gen-";

  /** There if the log's first byte, at offset 0, follows a data set that was not empty. */
  static final String BASE = "BASE";

  public Path log() {
    return directory.resolve("log");
  }

  public Path snapshots() {
    return directory.resolve("snapshot");
  }

  /** Where the files of a checkpoint are gathered on their way here, META last. */
  public Path incoming() {
    return snapshots().resolve(SnapshotStore.INCOMING);
  }

  /**
   * Whether a log that starts at offset 0 alone leads to no state: a redis-server counts its stream
   * from the first replica on, and may have had data long before. Waits for the disk.
   */
  public boolean hasBase() {
    return Files.exists(directory.resolve(BASE));
  }

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }
}
