package org.chronolith.bench.tutorial;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.chronolith.bench.process.FreePort;
import org.chronolith.bench.process.Programs;
import org.chronolith.server.testing.RequiresRedis;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs docs/tutorial.md with the real redis-cli against servers started by bin/chronolith. */
@Tag("slow")
@RequiresRedis("redis-cli")
final class TutorialIT {

  private static final List<String> PAGE_PORTS = List.of("6379", "6380", "6381");

  @TempDir Path directory;

  @Test
  void shouldPrintWhatTheTutorialSays() throws IOException, InterruptedException {
    Path launcher = Programs.launcher();
    Path page = launcher.getParent().getParent().resolve("docs/tutorial.md");
    List<TutorialPage.Step> steps = TutorialPage.parse(Files.readAllLines(page));
    List<String> serverCommand = Programs.serverCommand("");
    try (TutorialReader reader = new TutorialReader(directory, serverCommand, freePorts())) {
      for (TutorialPage.Step step : steps) {
        reader.perform(step);
      }
    }
  }

  private static Map<String, Integer> freePorts() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    for (String port : PAGE_PORTS) {
      ports.put(port, FreePort.next());
    }
    return ports;
  }
}
