package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
  void shouldRemoveWhatIsOlderAndLeaveWhatHasBegunSince() {
    try (DataDirectory data = DataDirectory.open(directory)) {
      data.newGeneration();
      Generation live = data.newGeneration();
      data.switchTo(live);
      Generation next = data.newGeneration();
      data.removeOlder(live);
      assertEquals(List.of(live, next), data.generations());
    }
  }

  @Test
  void shouldRefuseACurrentThatNamesNothing() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      data.newGeneration();
      for (String name : new String[] {"gen-7", "../gen-1", "gen-0", "", "gen-1x", "gen", "\0"}) {
        Files.writeString(directory.resolve(DataDirectory.CURRENT), name + "\n");
        RecoveryException e = assertThrows(RecoveryException.class, data::current, name);
        assertEquals(
            directory.resolve(DataDirectory.CURRENT)
                + " names '"
                + name.replace('\0', '?')
                + "', which is no generation here; there are [gen-1]: write the name of the live"
                + " one into it",
            e.getMessage());
      }
      Files.write(directory.resolve(DataDirectory.CURRENT), new byte[] {(byte) 0xff, 0, 7});
      assertThrows(RecoveryException.class, data::current);
    }
  }

  @Test
  void shouldRemoveWhatACrashLeftOfRemovalsAndReplacements() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      Generation one = data.newGeneration();
      data.switchTo(one);
      Files.createDirectories(directory.resolve("gen-7.removing/log"));
      Files.writeString(directory.resolve("gen-7.removing/log/file"), "x");
      Files.writeString(directory.resolve("CURRENT.next"), "ge");
      Files.writeString(directory.resolve("INSTANCE.next"), "");
      Files.writeString(directory.resolve("mine.next"), "");
      data.removeLeftovers();
      assertFalse(Files.exists(directory.resolve("gen-7.removing")));
      assertFalse(Files.exists(directory.resolve("CURRENT.next")));
      assertFalse(Files.exists(directory.resolve("INSTANCE.next")));
      assertTrue(Files.exists(directory.resolve("mine.next")), "nobody's but the operator's");
    }
  }

  @Test
  void shouldTakeADamagedInstanceForACopy() throws IOException {
    try (DataDirectory data = DataDirectory.open(directory)) {
      String id = "a".repeat(40);
      data.stoppedAsMaster(id, 8);
      assertEquals(null, whyNewId(data, id));
      byte[] sound = Files.readAllBytes(directory.resolve(Instance.NAME));
      byte[] junk = {(byte) 0xff, 0, (byte) 0xc3, 10, 1};
      byte[] withoutEnd = "version=2\nmachine=\n".getBytes(StandardCharsets.UTF_8);
      for (byte[] damaged :
          new byte[][] {new byte[0], junk, withoutEnd, Arrays.copyOf(sound, sound.length - 1)}) {
        Files.write(directory.resolve(Instance.NAME), damaged);
        assertEquals("INSTANCE is damaged", whyNewId(data, id));
        assertEquals(Optional.of("INSTANCE is damaged"), Instance.damage(directory));
      }
      Files.write(directory.resolve(Instance.NAME), sound);
      assertEquals(Optional.empty(), Instance.damage(directory));
      assertEquals("its INSTANCE speaks of another replication id", whyNewId(data, "b".repeat(40)));
      assertEquals(null, whyNewId(data, id));
      assertEquals(
          "the master was stopped at 8, and the log ends at 7: a part of the directory was put back"
              + " from another time",
          data.whyNewId(id, true, 7, 0));
      assertEquals("the last stop was not clean", data.whyNewId(id, false, 8, 0));
      Files.writeString(directory.resolve(Instance.ANCHOR), "junk");
      assertTrue(whyNewId(data, id) != null);
      Files.delete(directory.resolve(Instance.ANCHOR));
      assertEquals("its ANCHOR is missing", whyNewId(data, id));
      Files.delete(directory.resolve(Instance.NAME));
      assertEquals("no master was stopped in it: there is no INSTANCE", whyNewId(data, id));
    }
  }

  private static String whyNewId(DataDirectory data, String id) {
    return data.whyNewId(id, true, 8, 0);
  }

  /** What was made, and what of it a power loss would leave. */
  private static final class NamesOnDisk implements DirectoryDisk {
    private final Set<Path> made = new LinkedHashSet<>();
    private final Set<Path> forced = new LinkedHashSet<>();

    @Override
    public void createDirectory(Path made) throws IOException {
      DirectoryDisk.super.createDirectory(made);
      this.made.add(made);
    }

    @Override
    public void force(Path fileOrDirectory) throws IOException {
      DirectoryDisk.super.force(fileOrDirectory);
      forced.add(fileOrDirectory);
    }
  }

  @Test
  void shouldHaveItsOwnNameOnDiskWhenItIsOpen() {
    Path data = directory.resolve("a/b/data");
    NamesOnDisk disk = new NamesOnDisk();
    DataDirectory.open(data, disk).close();
    assertEquals(
        List.of(directory.resolve("a"), directory.resolve("a/b"), data), List.copyOf(disk.made));
    assertTrue(disk.forced.containsAll(disk.made), disk.forced.toString());
    assertTrue(disk.forced.contains(directory), "the name of the first one is in it");

    NamesOnDisk again = new NamesOnDisk();
    try (DataDirectory opened = DataDirectory.open(data, again)) {
      assertEquals(Set.of(), again.made);
      assertTrue(
          again.forced.containsAll(List.of(data, data.getParent(), directory)),
          "the start before may have been killed before it came to that");
      opened.switchTo(opened.newGeneration());
    }
    NamesOnDisk later = new NamesOnDisk();
    DataDirectory.open(data, later).close();
    assertEquals(Set.of(), later.forced, "there is data: its name is on disk");
  }
}
