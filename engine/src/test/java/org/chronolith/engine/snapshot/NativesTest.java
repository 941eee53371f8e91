package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativesTest {
  @TempDir Path directory;
  private final List<Object> released = new ArrayList<>();

  @Test
  void shouldGiveAllBackNewestFirstWhateverOneOfThemDoes() {
    Natives natives = new Natives();
    IllegalStateException failure = new IllegalStateException("for the test");
    natives.onClose(() -> released.add("first"));
    natives.onClose(
        () -> {
          throw failure;
        });
    natives.onClose(() -> released.add("last"));
    assertSame(failure, assertThrows(IllegalStateException.class, natives::close));
    assertEquals(List.of("last", "first"), released);
    natives.close();
    assertEquals(2, released.size());
  }

  @Test
  void shouldReleaseACheckpointThatCannotBeRead() {
    Checkpoint checkpoint = new Checkpoint(directory, null, released::add);
    assertThrows(
        NullPointerException.class, () -> new RocksCheckpointReader(checkpoint, null).close());
    assertEquals(List.of(checkpoint), released);
  }
}
