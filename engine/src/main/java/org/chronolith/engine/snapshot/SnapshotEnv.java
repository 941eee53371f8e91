package org.chronolith.engine.snapshot;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;

/**
 * What a {@link SnapshotStore} stands on. Tests put a disk that fails, and simulations tables and a
 * thread of their own, in the place of the real ones.
 *
 * @param tables what the files of checkpoints are
 * @param thread runs tasks one after the other, in the order in which they come
 */
public record SnapshotEnv(
    SnapshotDisk disk,
    Function<SnapshotConfig, SnapshotTables> tables,
    Function<ThreadFactory, ExecutorService> thread) {
  /** The real one. */
  public static final SnapshotEnv REAL = on(SnapshotDisk.REAL);

  /** RocksDB on {@code disk}. */
  public static SnapshotEnv on(SnapshotDisk disk) {
    return new SnapshotEnv(
        disk, config -> new RocksTables(config, disk), Executors::newSingleThreadExecutor);
  }
}
