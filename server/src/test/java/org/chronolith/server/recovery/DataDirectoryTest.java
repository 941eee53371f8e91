package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir Path directory;

  @Test
  void shouldRefuseASecondWriterAndNameTheFirst() {
    try (DataDirectory first = DataDirectory.open(directory)) {
      RecoveryException e =
          assertThrows(RecoveryException.class, () -> DataDirectory.open(first.directory()));
      assertTrue(
          e.getMessage().endsWith("is in use by process " + ProcessHandle.current().pid()),
          e.getMessage());
    }
    DataDirectory.open(directory).close();
  }

  @Test
  void shouldMakeTheDirectoryAndStartWithoutAGeneration() {
    Path missing = directory.resolve("a/b");
    try (DataDirectory data = DataDirectory.open(missing)) {
      assertTrue(data.current().isEmpty());
      assertTrue(data.generations().isEmpty());
      assertTrue(data.usableBytes() > 0);
    }
  }

  @Test
  void shouldSwitchBetweenGenerationsAndRemoveTheOthers() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      Generation one = data.newGeneration();
      assertTrue(data.current().isEmpty());
      data.switchTo(one);
      assertEquals(one, data.current().orElseThrow());
      Generation two = data.newGeneration();
      assertEquals(2, two.number());
      Files.writeString(two.log().resolve("file"), "x");
      assertEquals(one, data.current().orElseThrow());
      data.switchTo(two);
      assertThrows(IllegalArgumentException.class, () -> data.remove(two));
      data.removeOthers(two);
      assertFalse(Files.exists(one.directory()));
      assertTrue(Files.exists(two.log().resolve("file")));
      assertEquals(3, data.newGeneration().number());
    }
    try (DataDirectory data = DataDirectory.open(directory)) {
      assertEquals("gen-2", data.current().orElseThrow().toString());
    }
  }

  @Test
  void shouldRefuseACurrentThatNamesNothing() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      data.newGeneration();
      for (String name : new String[] {"gen-7", "../gen-1", "gen-0", "", "gen-1x"}) {
        Files.writeString(directory.resolve(DataDirectory.CURRENT), name + "\n");
        RecoveryException e = assertThrows(RecoveryException.class, data::current, name);
        assertTrue(e.getMessage().contains("'" + name + "'"), e.getMessage());
      }
    }
  }
}
