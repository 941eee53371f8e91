package org.chronolith.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.server.config.ServerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much of the log is kept for replicas. */
final class LogRetention {
  /** Share of the volume that the log keeps unless {@code repl-log-retention-bytes} says more. */
  private static final long SHARE_OF_VOLUME = 20;

  private static final long LEAST_BYTES = 64L << 20;
  private static final long MOST_BYTES = 16L << 30;
  private static final Logger LOG = LoggerFactory.getLogger(LogRetention.class);

  private LogRetention() {}

  /**
   * Bytes to keep: what is configured, or a twentieth of the volume of {@code directory}, from 64
   * MiB to 16 GiB; never less than {@code repl-backlog-size}.
   */
  static long bytes(ServerConfig config, Path directory) {
    long bytes = config.replLogRetentionBytes();
    if (bytes == 0) {
      bytes = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, volumeBytes(directory) / SHARE_OF_VOLUME));
    }
    return Math.max(bytes, config.replBacklogSizeBytes());
  }

  private static long volumeBytes(Path directory) {
    Path existing = directory.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      return Files.getFileStore(existing).getTotalSpace();
    } catch (IOException e) {
      LOG.warn("Cannot tell the size of the volume of {}: {}", directory, e.getMessage());
      return 0;
    }
  }
}
