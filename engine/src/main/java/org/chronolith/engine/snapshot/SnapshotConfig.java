package org.chronolith.engine.snapshot;

import java.nio.file.Path;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Bounds of a {@link SnapshotStore}.
 *
 * @param directory where the working database and the checkpoints live; made if absent
 * @param queueBatches most batches that may wait for the snapshot thread
 * @param queueBytes most bytes that may wait for it; a single larger batch is taken when none waits
 * @param memtableBytes size at which RocksDB starts to write a memtable out; {@value #MEMTABLES} of
 *     them exist at most
 * @param maxOpenFiles table files that RocksDB keeps open
 * @param backgroundJobs RocksDB's flushes and compactions at a time
 * @param bytesPerSecond limit on what flushes and compactions write; 0 = none
 * @param minFreeBytes free space of the volume that a snapshot leaves now, failing before it takes
 *     it; asked on any thread
 * @param compression of table files written from now on
 * @param olderCheckpoints complete checkpoints kept at most besides the newest one; asked on any
 *     thread
 */
public record SnapshotConfig(
    Path directory,
    int queueBatches,
    long queueBytes,
    long memtableBytes,
    int maxOpenFiles,
    int backgroundJobs,
    long bytesPerSecond,
    LongSupplier minFreeBytes,
    Compression compression,
    IntSupplier olderCheckpoints) {

  static final int MEMTABLES = 3;

  /** How blocks of table files are stored. */
  public enum Compression {
    NONE,
    LZ4
  }

  public SnapshotConfig {
    Objects.requireNonNull(directory);
    Objects.requireNonNull(compression);
    Objects.requireNonNull(minFreeBytes);
    Objects.requireNonNull(olderCheckpoints);
    require(queueBatches >= 1, "queueBatches", queueBatches);
    require(queueBytes >= 1, "queueBytes", queueBytes);
    require(memtableBytes >= 64 * 1024, "memtableBytes", memtableBytes);
    require(maxOpenFiles >= 16, "maxOpenFiles", maxOpenFiles);
    require(backgroundJobs >= 1, "backgroundJobs", backgroundJobs);
    require(bytesPerSecond >= 0, "bytesPerSecond", bytesPerSecond);
  }

  public static SnapshotConfig defaults(Path directory) {
    return new SnapshotConfig(
        directory, 64, 16L << 20, 32L << 20, 512, 2, 0, () -> 0, Compression.LZ4, () -> 0);
  }

  public SnapshotConfig withMinFreeBytes(LongSupplier bytes) {
    return new SnapshotConfig(
        directory,
        queueBatches,
        queueBytes,
        memtableBytes,
        maxOpenFiles,
        backgroundJobs,
        bytesPerSecond,
        bytes,
        compression,
        olderCheckpoints);
  }

  public SnapshotConfig withOlderCheckpoints(IntSupplier count) {
    return new SnapshotConfig(
        directory,
        queueBatches,
        queueBytes,
        memtableBytes,
        maxOpenFiles,
        backgroundJobs,
        bytesPerSecond,
        minFreeBytes,
        compression,
        count);
  }

  private static void require(boolean valid, String name, long value) {
    if (!valid) {
      throw new IllegalArgumentException(name + " is " + value);
    }
  }
}
