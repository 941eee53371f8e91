package org.chronolith.server.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

class SmallVolumeTest {
  @TempDir Path directory;

  @Test
  void shouldSkipWhereNothingCanBeMountedAndFailWhereThatIsRequired() {
    Path missing = directory.resolve("missing");
    Throwable skipped =
        assertThrows(TestAbortedException.class, () -> SmallVolume.mount(missing, 1, Map.of()));
    assertTrue(skipped.getMessage().contains("cannot be mounted here"), skipped.getMessage());
    Throwable failed =
        assertThrows(
            IllegalStateException.class,
            () -> SmallVolume.mount(missing, 1, Map.of(SmallVolume.REQUIRE_VARIABLE, "1")));
    assertTrue(
        failed.getMessage().endsWith("makes this a failure instead of a skipped test"),
        failed.getMessage());
  }
}
