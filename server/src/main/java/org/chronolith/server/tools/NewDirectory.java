package org.chronolith.server.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.replicationlog.History;
import org.chronolith.server.OfflineDataset;
import org.chronolith.server.recovery.DataDirectory;

/**
 * A data directory that a tool makes: complete, or not there at all, or, if the tool was killed,
 * marked as one that must not be used. It is locked from the beginning, so that no server starts in
 * it while the tool still reads.
 */
final class NewDirectory implements AutoCloseable {
  /** What was missing of the way to the directory, the innermost first. */
  private final List<Path> missing = new ArrayList<>();

  private final DataDirectory made;
  private boolean written;

  /**
   * @param option that named it, for messages
   * @throws ToolException if it is there and not empty
   * @throws org.chronolith.server.recovery.RecoveryException if a process has it
   */
  NewDirectory(Path directory, String option) {
    requireEmpty(directory, option);
    for (Path at = directory; at != null && !Files.exists(at); at = at.getParent()) {
      missing.add(at);
    }
    made = DataDirectory.open(directory);
    try {
      // Again: a server may have come and gone.
      requireEmpty(directory, option);
      made.unfinished();
    } catch (IOException e) {
      made.close();
      throw ToolException.of(option + " " + directory + " cannot be used", e);
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  private static void requireEmpty(Path directory, String option) {
    try {
      if (DataDirectory.isEmpty(directory)) {
        return;
      }
    } catch (IOException e) {
      throw ToolException.of(option + " " + directory + " cannot be used", e);
    }
    throw new ToolException(
        option + " " + directory + " is not empty: name a directory that does not exist yet");
  }

  /**
   * @return the number of keys
   */
  long write(OfflineDataset state, long offset, History history, Progress progress) {
    long keys = StateWriter.write(made, state, offset, history, progress);
    try {
      made.finished();
    } catch (IOException e) {
      throw ToolException.of("cannot write " + made.directory(), e);
    }
    written = true;
    return keys;
  }

  /** Unlocks the directory, and takes it back unless it was written. */
  @Override
  public void close() {
    try (made) {
      if (!written) {
        made.undo(missing);
      }
    } catch (IOException e) {
      throw ToolException.of("cannot remove what was made in " + made.directory(), e);
    }
  }
}
