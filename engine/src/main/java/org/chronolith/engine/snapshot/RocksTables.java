package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;

/** RocksDB's table files. */
final class RocksTables implements SnapshotTables {
  private final SnapshotConfig config;
  private final RocksSettings settings;
  private final SnapshotDisk disk;

  RocksTables(SnapshotConfig config, SnapshotDisk disk) {
    this.config = config;
    this.disk = disk;
    settings = new RocksSettings(config);
  }

  @Override
  public Working open(Path directory) throws IOException {
    try {
      return new WorkingDb(directory, settings, disk);
    } catch (RocksDBException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public CheckpointReader read(Checkpoint checkpoint) {
    return new RocksCheckpointReader(checkpoint, config);
  }

  @Override
  public void close() {
    settings.close();
  }
}
