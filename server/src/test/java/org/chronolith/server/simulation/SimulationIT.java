package org.chronolith.server.simulation;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same seeds each time, so that a failure is of the change that was made. */
@Tag("slow")
class SimulationIT {
  private static final int FIRST = 1_000;

  /** What two processors do in some minutes. */
  private static final int COUNT = Integer.getInteger("chronolith.simulation.count", 2_000);

  @TempDir Path directory;

  @Test
  void shouldComeToAgreeWhateverHappensInThousandsOfLives() throws Exception {
    Simulation.run(directory, Long.getLong("chronolith.simulation.from", FIRST), COUNT);
  }
}
