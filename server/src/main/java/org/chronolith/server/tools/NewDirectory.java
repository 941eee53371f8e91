package org.chronolith.server.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.chronolith.replicationlog.History;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.DataDirectory;

/** A data directory that a tool makes: complete, or not there at all. */
final class NewDirectory {
  private final Path directory;

  /**
   * @param option that named it, for messages
   * @throws ToolException if it is there and not empty
   */
  NewDirectory(Path directory, String option) {
    this.directory = directory;
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      if (entries.findAny().isEmpty()) {
        return;
      }
    } catch (IOException e) {
      throw new ToolException(option + " " + directory + " cannot be used: " + e, e);
    }
    throw new ToolException(
        option + " " + directory + " is not empty: name a directory that does not exist yet");
  }

  /**
   * @return the number of keys
   */
  long write(OfflineDataset state, long offset, History history, Progress progress) {
    boolean existed = Files.exists(directory);
    try (DataDirectory made = DataDirectory.open(directory)) {
      try {
        return StateWriter.write(made, state, offset, history, progress);
      } catch (RuntimeException e) {
        made.generations().forEach(made::remove);
        throw e;
      }
    } catch (RuntimeException e) {
      removeEmpty(existed, e);
      throw e;
    }
  }

  private void removeEmpty(boolean existed, RuntimeException cause) {
    try {
      Files.deleteIfExists(directory.resolve("LOCK"));
      if (!existed) {
        Files.deleteIfExists(directory);
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
