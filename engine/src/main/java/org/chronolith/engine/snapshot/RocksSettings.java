package org.chronolith.engine.snapshot;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.RateLimiter;
import org.rocksdb.VectorMemTableConfig;

/** RocksDB's options, the same for every database of a store; they own native memory. */
final class RocksSettings implements AutoCloseable {
  /** Where RocksDB's own text logs go: never into a checkpoint, which is immutable. */
  static final String LOG_DIRECTORY = "rocksdb-log";

  static {
    NativeLibrary.load();
  }

  private final RateLimiter rateLimiter;
  private final Options options;

  RocksSettings(SnapshotConfig config) {
    BlockBasedTableConfig table =
        new BlockBasedTableConfig()
            // A snapshot is read once, from end to end: a cache would only take memory.
            .setNoBlockCache(true)
            .setBlockSize(16 * 1024);
    options = new Options();
    try {
      rateLimiter = config.bytesPerSecond() == 0 ? null : new RateLimiter(config.bytesPerSecond());
      set(config, table);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void set(SnapshotConfig config, BlockBasedTableConfig table) {
    options
        .setCreateIfMissing(true)
        .setTableFormatConfig(table)
        // The working database is written and flushed, never read: an append and one sort at
        // the flush cost less than a skip list kept in order for readers that do not exist
        // (measured: 0.4 s less CPU for a million items of 100 bytes).
        .setMemTableConfig(new VectorMemTableConfig())
        .setAllowConcurrentMemtableWrite(false)
        .setWriteBufferSize(config.memtableBytes())
        .setMaxWriteBufferNumber(SnapshotConfig.MEMTABLES)
        .setMaxBackgroundJobs(config.backgroundJobs())
        .setMaxOpenFiles(config.maxOpenFiles())
        .setBytesPerSync(1 << 20)
        .setTargetFileSizeBase(32L << 20)
        .setCompressionType(
            config.compression() == SnapshotConfig.Compression.LZ4
                ? CompressionType.LZ4_COMPRESSION
                : CompressionType.NO_COMPRESSION)
        .setParanoidChecks(true)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(2)
        .setMaxLogFileSize(1 << 20)
        .setDbLogDir(config.directory().resolve(LOG_DIRECTORY).toString())
        // What is in memory when a working database closes is of no use to anybody.
        .setAvoidFlushDuringShutdown(true);
    if (rateLimiter != null) {
      options.setRateLimiter(rateLimiter);
    }
  }

  Options options() {
    return options;
  }

  @Override
  public void close() {
    options.close();
    if (rateLimiter != null) {
      rateLimiter.close();
    }
  }
}
