package org.chronolith.server.simulation;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulationTest {
  @TempDir Path directory;

  @Test
  void shouldComeToAgreeWhateverHappens() throws Exception {
    Simulation.run(directory, 1, 30);
  }
}
