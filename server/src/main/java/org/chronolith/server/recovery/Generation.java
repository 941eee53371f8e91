package org.chronolith.server.recovery;

import java.nio.file.Path;
import org.chronolith.engine.snapshot.SnapshotStore;

/**
 * One history's directory: {@code gen-N/log} and {@code gen-N/snapshot}.
 *
 * @param number N, from 1
 */
public record Generation(int number, Path directory) {
  static final String PREFIX = "gen-";

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

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }
}
