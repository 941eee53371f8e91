package org.chronolith.server.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayTest {
  private static final int LINES_BEFORE = 8;

  /** Every event, piece of a stream, append, state and word comes again, at the same time. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void shouldLiveOneLifeTwiceFromOneSeed(long seed) throws Exception {
    Journal once = Simulation.journal(seed);
    Journal again = Simulation.journal(seed);
    List<String> lines = once.lines();
    List<String> linesAgain = again.lines();
    int most = Math.min(lines.size(), linesAgain.size());
    for (int i = 0; i < most; i++) {
      if (!lines.get(i).equals(linesAgain.get(i))) {
        List<String> before = lines.subList(Math.max(0, i - LINES_BEFORE), i);
        assertEquals(lines.get(i), linesAgain.get(i), "line " + i + ", after " + before);
      }
    }
    assertEquals(lines.size(), linesAgain.size());
    assertEquals(once.hash(), again.hash());
    assertTrue(once.count() > 1_000, "so little happened: " + once.count());
  }

  /** Where the collections of the JDK have another order, and everything is slower or faster. */
  @Test
  void shouldLiveTheSameLivesInAnotherProcess() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!argument.startsWith("-javaagent")) {
        command.add(argument);
      }
    }
    String classPath = System.getProperty("java.class.path");
    command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", classPath)));
    command.addAll(List.of(SimulationMain.class.getName(), "journal"));
    List<String> expected = new ArrayList<>();
    for (long seed = 11; seed <= 13; seed++) {
      Journal journal = Simulation.journal(seed);
      expected.add(String.format("%d %016x %d", seed, journal.hash(), journal.count()));
      command.add(Long.toString(seed));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    List<String> lines =
        said.lines().filter(line -> line.matches("\\d+ [0-9a-f]{16} \\d+")).toList();
    assertEquals(expected, lines, said);
  }
}
