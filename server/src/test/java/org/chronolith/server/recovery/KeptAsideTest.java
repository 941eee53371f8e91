package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class KeptAsideTest {
  @TempDir Path directory;

  private Set<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.equals(DirectoryLock.NAME))
          .collect(Collectors.toSet());
    }
  }

  @Test
  void shouldSayNothingOfADirectoryThatIsMissing() {
    Logger logger = (Logger) LoggerFactory.getLogger(KeptAside.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try (DataDirectory data = DataDirectory.open(directory)) {
      KeptAside.bound(data, directory.resolve("gen-1/snapshot"), SnapshotStore.DAMAGED);
      assertEquals(List.of(), lines.list);
    } finally {
      logger.detachAppender(lines);
    }
  }

  @Test
  void shouldKeepTheNewestByTheirTimeAndTouchNothingElse() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      // Offsets go back after a rewind: they say nothing about the age.
      for (String name :
          new String[] {
            "discarded-900-1",
            "discarded-100-20",
            "discarded-800-3",
            "discarded-7-10",
            "discarded-6-11",
            "discarded-5-12",
            "discarded-mine",
            "discarded-1-2-3",
            "other"
          }) {
        Files.createDirectories(directory.resolve(name).resolve("segment-1"));
        Files.writeString(directory.resolve(name).resolve("segment-1/file"), "x");
      }
      KeptAside.bound(data, directory, DiscardedTail.PREFIX);
      Set<String> kept =
          Set.of(
              "discarded-100-20",
              "discarded-7-10",
              "discarded-6-11",
              "discarded-5-12",
              "discarded-mine",
              "discarded-1-2-3",
              "other");
      assertEquals(kept, names());
      KeptAside.bound(data, directory, DiscardedTail.PREFIX);
      assertEquals(kept, names());
    }
  }
}
