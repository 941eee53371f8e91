package org.chronolith.server;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much of the volume log and snapshots take, concluded once at the start. What is not
 * configured follows the size of the volume, so that a node on a small one is small.
 *
 * @param segmentBytes of the log: a hundredth of the volume, 4 to 64 MiB
 * @param headroomBytes of the log, reserved ahead: a hundredth of the volume, 4 to 8 MiB
 * @param retentionBytes of the log: a twentieth of the volume, 64 MiB to 16 GiB, but no more than
 *     an eighth; never less than {@code repl-backlog-size}
 * @param minFreeBytes floor of free space: a twentieth of the volume, at most 4 GiB
 * @param mostTriggerLogBytes an eighth of the volume: after so much log a snapshot is due, even if
 *     {@code snapshot-trigger-log-bytes} is more
 */
record StorageSizes(
    long segmentBytes,
    long headroomBytes,
    long retentionBytes,
    long minFreeBytes,
    long mostTriggerLogBytes) {

  private static final long MIB = 1L << 20;
  private static final long LAST_FREE_BYTES = MIB;
  private static final long GIB = 1L << 30;
  private static final Logger LOG = LoggerFactory.getLogger(StorageSizes.class);

  /** Sizes for the volume that holds, or will hold, {@code directory}. */
  static StorageSizes of(ServerConfig config, Path directory) {
    return of(config, volumeBytes(directory));
  }

  static StorageSizes of(ServerConfig config, long volumeBytes) {
    long retention =
        chosen(
            config.replLogRetentionBytes(),
            Math.min(volumeBytes / 8, between(64 * MIB, volumeBytes / 20, 16 * GIB)));
    return new StorageSizes(
        chosen(config.logSegmentBytes(), between(4 * MIB, volumeBytes / 100, 64 * MIB)),
        chosen(config.logHeadroomBytes(), between(4 * MIB, volumeBytes / 100, 8 * MIB)),
        Math.max(retention, config.replBacklogSizeBytes()),
        chosen(config.logMinFreeBytes(), Math.min(volumeBytes / 20, 4 * GIB)),
        volumeBytes / 8);
  }

  /** Growth of the log that calls for a snapshot, as configured now; 0 for never. */
  long triggerLogBytes(ServerConfig config) {
    return Math.min(config.snapshotTriggerLogBytes(), mostTriggerLogBytes);
  }

  LogConfig log(ServerConfig config, Path directory) {
    return LogConfig.of(directory)
        .withSegmentBytes(segmentBytes)
        .withRetention(retentionBytes, config.replLogRetentionAgeSeconds() * 1000)
        .withMinFree(minFreeBytes, config.replBacklogSizeBytes())
        .withHeadroom(headroomBytes, headroomBytes / 4, headroomBytes / 4);
  }

  /** Free space that is left to the log by what may fail: below it, the log is cut short. */
  long floorBytes(ServerConfig config) {
    return log(config, config.dir()).lowFreeBytes();
  }

  /**
   * A snapshot leaves the log what that needs to go on, so that it never stops the writes. Once
   * they are stopped, it may take what the log has left free for it: to let the log shrink.
   */
  SnapshotConfig snapshots(ServerConfig config, Path directory, BooleanSupplier logRefused) {
    long whileWritten = 2 * headroomBytes + Math.min(minFreeBytes, LogConfig.MOST_KEEP_FREE_BYTES);
    return SnapshotConfig.defaults(directory)
        .withMinFreeBytes(() -> logRefused.getAsBoolean() ? LAST_FREE_BYTES : whileWritten)
        .withOlderCheckpoints(config::snapshotOlderCheckpoints);
  }

  private static long chosen(long configured, long otherwise) {
    return configured > 0 ? configured : otherwise;
  }

  private static long between(long least, long value, long most) {
    return Math.max(least, Math.min(most, value));
  }

  private static long volumeBytes(Path directory) {
    Path existing = directory.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      FileStore volume = Files.getFileStore(existing);
      return volume.getTotalSpace();
    } catch (IOException e) {
      LOG.warn("Cannot tell the size of the volume of {}: {}", directory, e.getMessage());
      return GIB;
    }
  }
}
