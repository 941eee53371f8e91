package org.chronolith.server.recovery;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class SnapshotPlusLogIT {
  @TempDir Path directory;

  @Test
  void shouldRecoverTheStateOverManyRestarts() throws Exception {
    SnapshotPlusLogScenario.run(directory, 30, 4_000);
  }
}
