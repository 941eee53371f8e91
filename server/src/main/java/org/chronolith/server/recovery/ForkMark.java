package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The file {@code FORKED} in a data directory: what is in it was taken from a history that others
 * may go on with, so that a master that starts on it takes a new replication id, however clean its
 * log is. That start removes the file, after the new id is on disk. A replica leaves it alone: it
 * writes nothing of its own. Drawn in docs/formats/data-directory.md.
 *
 * @param reason {@code backup} or {@code cut}
 * @param replicationId under which the data was written
 * @param offset end of the data
 * @param createdMs wall clock
 */
public record ForkMark(String reason, String replicationId, long offset, long createdMs) {
  static final String NAME = "FORKED";
  private static final String BACKUP = "backup";

  /** Whether all in {@code directory} was copied at {@link #createdMs}. */
  public boolean isOfBackup() {
    return reason.equals(BACKUP);
  }

  /** Whether {@code directory} is marked, whatever the file says. */
  public static boolean exists(Path directory) {
    return Files.exists(directory.resolve(NAME));
  }

  /** What the mark says; empty if there is none, or if it cannot be understood. */
  public static Optional<ForkMark> read(Path directory) {
    Map<String, String> lines = new HashMap<>();
    try {
      for (String line : Files.readAllLines(directory.resolve(NAME), StandardCharsets.UTF_8)) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          lines.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
      return Optional.of(
          new ForkMark(
              lines.getOrDefault("reason", ""),
              lines.getOrDefault("replication-id", ""),
              Long.parseLong(lines.getOrDefault("offset", "")),
              Long.parseLong(lines.getOrDefault("created-ms", ""))));
    } catch (NoSuchFileException | NumberFormatException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + directory.resolve(NAME), e);
    }
  }

  /** Marks {@code directory}; on disk when this returns. */
  public void write(Path directory) throws IOException {
    String text =
        "version=1\nreason="
            + reason
            + "\nreplication-id="
            + replicationId
            + "\noffset="
            + offset
            + "\ncreated-ms="
            + createdMs
            + "\n";
    ForcedFile.write(directory.resolve(NAME), text);
  }

  static void remove(DirectoryDisk disk, Path directory) {
    try {
      if (disk.delete(directory.resolve(NAME))) {
        disk.force(directory);
      }
    } catch (IOException e) {
      throw RecoveryException.of("cannot remove " + directory.resolve(NAME), e);
    }
  }
}
