package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointInspectorTest {
  @TempDir Path directory;

  private Path snapshots() {
    return directory.resolve("snapshot");
  }

  private void makeOne() throws InterruptedException {
    RecordingListener listener = new RecordingListener();
    try (SnapshotStore store = SnapshotStore.open(SnapshotFixture.config(snapshots()), listener)) {
      SnapshotFixture.snapshot(store, listener, 42, Batches.direct().put("a", "1").build());
    }
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.collect(Collectors.toList())) {
        found.put(path.toString(), Files.getLastModifiedTime(path).toString());
      }
    }
    return found;
  }

  @Test
  void shouldReadWithoutWritingAnything(@TempDir Path elsewhere) throws Exception {
    makeOne();
    Map<String, String> before = files();
    List<Path> found = CheckpointInspector.list(snapshots());
    assertEquals(1, found.size());
    MetaFile meta = CheckpointInspector.meta(found.get(0));
    assertEquals(42, meta.meta().offset());
    meta.files().forEach(file -> CheckpointInspector.verify(found.get(0), file));
    Path scratch = elsewhere.resolve("none");
    try (CheckpointReader reader = CheckpointInspector.read(found.get(0), scratch)) {
      assertTrue(reader.next());
      assertFalse(reader.next());
    }
    assertEquals(before, files());
    assertFalse(Files.exists(scratch));
  }

  @Test
  void shouldNameADamagedFile() throws Exception {
    makeOne();
    Path checkpoint = CheckpointInspector.list(snapshots()).get(0);
    CheckpointFile table =
        CheckpointInspector.meta(checkpoint).files().stream()
            .filter(CheckpointFile::isTable)
            .findFirst()
            .orElseThrow();
    SnapshotFixture.flipByte(checkpoint.resolve(table.name()), 5);
    EngineException damaged =
        assertThrows(EngineException.class, () -> CheckpointInspector.verify(checkpoint, table));
    assertTrue(damaged.getMessage().contains(table.name()), damaged.getMessage());
    Files.delete(checkpoint.resolve(MetaFile.NAME));
    EngineException missing =
        assertThrows(EngineException.class, () -> CheckpointInspector.meta(checkpoint));
    assertTrue(missing.getMessage().contains("META: missing"), missing.getMessage());
    assertEquals(List.of(), CheckpointInspector.list(directory.resolve("none")));
  }
}
