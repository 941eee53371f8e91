package org.chronolith.replicationlog;

/**
 * Where a node's logs are kept: in segments on a disk, or, in a simulation, in memory that forgets
 * what was not forced. Thread: any that may wait for the disk.
 */
public interface LogStore {
  /** True if {@code config.dir()} holds a log. */
  boolean exists(LogConfig config);

  /**
   * Opens an existing log.
   *
   * @throws LogException as {@link ReplicationLog#open(LogConfig, LogListener, LogNeed, LogDisk)}
   */
  ReplicationLog open(LogConfig config, LogListener listener, LogNeed need);

  /**
   * Makes a new log.
   *
   * @throws LogException as {@link ReplicationLog#create(LogConfig, LogListener, long, History,
   *     int)}
   */
  ReplicationLog create(
      LogConfig config, LogListener listener, long startOffset, History history, int db);

  /** In segments on the real disk. */
  LogStore SYSTEM = on(LogDisk.SYSTEM);

  /** In segments on {@code disk}. */
  static LogStore on(LogDisk disk) {
    return new LogStore() {
      @Override
      public boolean exists(LogConfig config) {
        return SegmentLog.exists(config);
      }

      @Override
      public ReplicationLog open(LogConfig config, LogListener listener, LogNeed need) {
        return SegmentLog.open(config, listener, need, disk);
      }

      @Override
      public ReplicationLog create(
          LogConfig config, LogListener listener, long startOffset, History history, int db) {
        return SegmentLog.create(config, listener, startOffset, history, db, disk);
      }
    };
  }
}
