package org.chronolith.server.recovery;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotPlusLogTest {
  @TempDir Path directory;

  @Test
  void shouldRecoverTheStateWhereverItStops() throws Exception {
    SnapshotPlusLogScenario.run(directory, 4, 1_200);
  }
}
