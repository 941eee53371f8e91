package org.chronolith.server.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.RecoveryException;
import org.chronolith.server.recovery.StoredDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewDirectoryTest {
  @TempDir Path root;

  @Test
  void shouldKeepServersOutFromTheBeginning() {
    Path directory = root.resolve("new");
    try (NewDirectory made = new NewDirectory(directory, "--dir")) {
      assertThrows(RecoveryException.class, () -> DataDirectory.open(directory), made.toString());
    }
    assertFalse(Files.exists(directory));
  }

  @Test
  void shouldLeaveALockAloneThatAServerHas() {
    Path directory = root.resolve("new");
    try (DataDirectory server = DataDirectory.open(directory)) {
      assertThrows(RecoveryException.class, () -> new NewDirectory(directory, "--dir"));
      assertTrue(Files.exists(directory.resolve("LOCK")), "of " + server);
    }
  }

  @Test
  void shouldTakeBackAllThatItMadeAndNothingElse() throws Exception {
    Path beside = Files.writeString(root.resolve("beside"), "precious");
    Path directory = root.resolve("a/b/c");
    try (NewDirectory made = new NewDirectory(directory, "--dir")) {
      Files.createDirectories(directory.resolve("gen-1/log"));
      Files.writeString(directory.resolve("CURRENT"), "gen-1\n");
      assertTrue(Files.exists(directory.resolve("LOCK")), "of " + made);
    }
    assertEquals(Map.of("beside", "precious"), Map.of("beside", Files.readString(beside)));
    assertFalse(Files.exists(root.resolve("a")));
  }

  @Test
  void shouldNotBeUsedWhenTheToolWasKilled() throws Exception {
    Path directory = root.resolve("killed");
    try (NewDirectory made = new NewDirectory(directory, "--dir")) {
      assertTrue(Files.exists(directory.resolve("UNFINISHED")), "of " + made);
      assertTrue(
          StoredDirectory.withDamage(directory).damage().orElseThrow().contains("make it again"));
      assertThrows(RecoveryException.class, () -> StoredDirectory.of(directory));
    }
  }

  @Test
  void shouldLeaveADirectoryThatWasThere() throws Exception {
    Path directory = Files.createDirectory(root.resolve("empty"));
    new NewDirectory(directory, "--dir").close();
    try (var entries = Files.list(directory)) {
      assertEquals(0, entries.count());
    }
  }
}
