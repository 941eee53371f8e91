package org.chronolith.server.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.chronolith.server.recovery.ForcedFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeDiskTest {
  private static final int LIVES = 40;

  @TempDir Path root;

  @Test
  void shouldLoseAnyOfWhatWasNotForcedAndNothingElse() throws Exception {
    int newFiles = 0;
    int newContents = 0;
    int newSnapshots = 0;
    for (int i = 0; i < LIVES; i++) {
      Path directory = Files.createDirectory(root.resolve("life" + i));
      NodeDisk disk = new NodeDisk(directory, new SplittableRandom(i), Journal.hashed());
      Path forced = directory.resolve("CURRENT");
      ForcedFile.write(disk.directoryDisk(), forced, "old");
      Path unforced = directory.resolve("REPLICAS");
      disk.directoryDisk().write(unforced, "a");
      Path next = directory.resolve("CURRENT.next");
      disk.directoryDisk().write(next, "new");
      disk.directoryDisk().force(next);
      disk.directoryDisk().rename(next, forced);
      Path snapshot = directory.resolve("items");
      disk.snapshotDisk().write(snapshot, "items".getBytes(StandardCharsets.UTF_8));
      disk.losePower();
      String found = Files.readString(forced);
      assertTrue(found.equals("old") || found.equals("new"), found);
      newContents += found.equals("new") ? 1 : 0;
      newFiles += Files.exists(unforced) ? 1 : 0;
      newSnapshots += Files.exists(snapshot) ? 1 : 0;
      // What is there when the machine has started again is on its disk.
      disk.losePower();
      assertEquals(found, Files.readString(forced));
    }
    assertTrue(newContents > 0 && newContents < LIVES, newContents + " renames stayed");
    assertTrue(newFiles > 0 && newFiles < LIVES, newFiles + " files stayed");
    assertTrue(newSnapshots > 0 && newSnapshots < LIVES, newSnapshots + " snapshots stayed");
  }
}
