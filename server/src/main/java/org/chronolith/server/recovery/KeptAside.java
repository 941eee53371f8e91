package org.chronolith.server.recovery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds what is kept for somebody who may want to look at it, {@code discarded-OFFSET-MS}, {@code
 * log-ends-at-OFFSET-MS} and {@code damaged-checkpoint-OFFSET-MS}: of each, the newest {@value
 * #KEPT} by their time. Each may be as large as a log or the data, and nobody may ever come.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
final class KeptAside {
  /** How many of each kind stay. */
  static final int KEPT = 4;

  private static final Logger LOG = LoggerFactory.getLogger(KeptAside.class);
  private static final Pattern OFFSET_AND_MS = Pattern.compile("\\d{1,19}-(\\d{1,18})");

  private KeptAside() {}

  /**
   * Removes all but the newest of those in {@code directory} whose names begin so; it may be
   * missing.
   */
  static void bound(DataDirectory data, Path directory, String prefix) {
    if (!Files.exists(directory)) {
      return;
    }
    try {
      List<Path> newestFirst;
      try (Stream<Path> entries = Files.list(directory)) {
        newestFirst =
            entries
                .filter(path -> writtenMs(path, prefix) >= 0)
                .sorted(Comparator.comparingLong((Path path) -> writtenMs(path, prefix)).reversed())
                .toList();
      }
      for (int i = KEPT; i < newestFirst.size(); i++) {
        data.removeTree(newestFirst.get(i));
        LOG.warn("Removed {}: the newest {} of its kind are kept", newestFirst.get(i), KEPT);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("Cannot remove the older {}* in {}", prefix, directory, e);
    }
  }

  /** Wall clock by the name; -1 if it is none of them. */
  private static long writtenMs(Path path, String prefix) {
    String name = path.getFileName().toString();
    if (!name.startsWith(prefix)) {
      return -1;
    }
    Matcher matcher = OFFSET_AND_MS.matcher(name.substring(prefix.length()));
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
  }
}
