package org.chronolith.server.simulation;

import java.nio.file.Files;

/** Many seeds, on demand: {@code SimulationMain FIRST COUNT}. */
final class SimulationMain {
  private SimulationMain() {}

  public static void main(String[] arguments) throws Exception {
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
