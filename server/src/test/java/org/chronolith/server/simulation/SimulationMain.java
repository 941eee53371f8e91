package org.chronolith.server.simulation;

import java.nio.file.Files;
import java.util.List;

/**
 * Many seeds, on demand: {@code SimulationMain FIRST COUNT}; {@code SimulationMain journal SEED...}
 * prints the number of each one's {@link Journal} instead.
 */
final class SimulationMain {
  private SimulationMain() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("journal")) {
      for (String seed : List.of(arguments).subList(1, arguments.length)) {
        Journal journal = Simulation.journal(Long.parseLong(seed));
        System.out.printf("%s %016x %d%n", seed, journal.hash(), journal.count());
      }
      return;
    }
    long begun = System.nanoTime();
    long first = Long.parseLong(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    try {
      Simulation.run(Files.createTempDirectory("simulation"), first, count);
    } catch (AssertionError e) {
      System.out.println(e.getMessage());
    }
    System.out.printf("%d seeds in %.1f s%n", count, (System.nanoTime() - begun) / 1e9);
  }
}
