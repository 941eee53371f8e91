package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the end of a log that is given up: a log of its own in {@code discarded-OFFSET-MS} of the
 * data directory, from the offset on, under the same history. {@link KeptAside} says how many of
 * them stay.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
final class DiscardedTail {
  /** Begins the name of its directory. */
  static final String PREFIX = "discarded-";

  private static final Logger LOG = LoggerFactory.getLogger(DiscardedTail.class);

  private DiscardedTail() {}

  /**
   * Writes what {@code live} has from {@code offset} on. If that fails, nothing is left of it: it
   * is in the live log still, and attempts that fail must not pile up.
   *
   * @param db that the stream has selected there
   * @return the directory
   */
  static Path keep(
      DataDirectory data, Recovery.Settings settings, ReplicationLog live, long offset, int db)
      throws IOException {
    Path directory = data.directory().resolve(PREFIX + offset + "-" + System.currentTimeMillis());
    Files.createDirectory(directory);
    try {
      write(directory, settings, live, offset, db);
      try (FileChannel channel = FileChannel.open(data.directory(), StandardOpenOption.READ)) {
        channel.force(true);
      }
    } catch (IOException | RuntimeException | Error e) {
      remove(data, directory);
      throw e;
    }
    return directory;
  }

  /** Removes what {@link #keep} has made. */
  static void remove(DataDirectory data, Path directory) {
    try {
      data.removeTree(directory);
    } catch (IOException e) {
      LOG.warn("Cannot remove {}", directory, e);
    }
  }

  private static void write(
      Path directory, Recovery.Settings settings, ReplicationLog live, long offset, int db) {
    try (ReplicationLog log =
        settings
            .logs()
            .create(settings.log().apply(directory), new Warnings(), offset, live.history(), db)) {
      int dbAtEnd = EffectCopy.append(live, log, live.endOffset(), db);
      log.markClean(dbAtEnd, System.currentTimeMillis());
      LOG.warn(
          "{} bytes of the stream that the master does not have, from offset {} on, are kept in {}",
          log.endOffset() - offset,
          offset,
          directory);
    }
  }

  private static final class Warnings implements LogListener {
    @Override
    public void warning(String message, Throwable cause) {
      LOG.warn("Log of what is discarded: {}", message, cause);
    }
  }
}
