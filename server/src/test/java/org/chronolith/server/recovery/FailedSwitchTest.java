package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogDisk;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk that fails around the switch to a new generation, here that of a rewind: the node goes on
 * with the old one, or ends. Never both.
 */
class FailedSwitchTest {
  private static final String KEPT = "S 1\na=1\n";
  private static final String DISCARDED = "b=2\n";

  @TempDir Path directory;
  private final FailingDisk disk = new FailingDisk();
  private final FailingLogDisk logDisk = new FailingLogDisk();
  private LineKeyspace keyspace = new LineKeyspace();
  private DataDirectory data;
  private Recovery recovery;
  private Recovered live;

  @BeforeEach
  void start() {
    data = DataDirectory.open(directory, disk);
    recovery =
        new Recovery(
            data,
            new Recovery.Settings(
                at -> LogConfig.of(at).withSegmentBytes(1 << 20),
                LogStore.on(logDisk),
                log -> LogListener.none(),
                SnapshotConfig::defaults,
                SnapshotListener.none()));
    live = recovery.start(() -> keyspace, true, 0);
    live.log().adopt();
  }

  @AfterEach
  void close() {
    live.close();
    data.close();
  }

  /** Fails at one kind of step that is done to one path; what the step does is done, or not. */
  private static final class FailingDisk implements DirectoryDisk {
    private String step = "";
    private Path path;

    void failAt(String failingStep, Path failingPath) {
      step = failingStep;
      path = failingPath;
    }

    private void check(String what, Path at) throws IOException {
      if (what.equals(step) && at.equals(path)) {
        step = "";
        throw new IOException("no more disk");
      }
    }

    @Override
    public void force(Path fileOrDirectory) throws IOException {
      check("force", fileOrDirectory);
      DirectoryDisk.super.force(fileOrDirectory);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      check("rename", to);
      DirectoryDisk.super.rename(from, to);
      check("renamed", to);
    }

    @Override
    public boolean delete(Path at) throws IOException {
      check("delete", at);
      return DirectoryDisk.super.delete(at);
    }
  }

  private static final class FailingLogDisk implements LogDisk {
    private volatile String below;

    @Override
    public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
      if (below != null && file.toString().contains(below)) {
        throw new IOException("no more disk");
      }
      LogDisk.super.force(channel, file, metadata);
    }
  }

  private void append(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ReplicationLog log = live.log();
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!log.canAppend(bytes.length)) {
      assertTrue(System.nanoTime() < deadline, "no space is reserved");
      Thread.onSpinWait();
    }
    ByteBuf buffer = Unpooled.directBuffer().writeBytes(bytes);
    log.append(buffer, 0, bytes.length, 0, 1);
    buffer.release();
  }

  private Recovered rewind() {
    append(KEPT);
    append(DISCARDED);
    live.log().sync();
    return recovery.rewind(
        data.newGeneration(),
        new LineKeyspace(),
        live.log(),
        Optional.empty(),
        KEPT.length(),
        new Cancellation());
  }

  private long discarded() throws IOException {
    try (var entries = Files.list(directory)) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith(DiscardedTail.PREFIX))
          .count();
    }
  }

  private void assertEndsAndTheNextStartGoesOnWithTheNewOne() {
    assertThrows(SwitchedException.class, this::rewind);
    assertEquals("gen-2", data.current().orElseThrow().toString());
    assertTrue(Files.exists(directory.resolve("gen-2/log")), "not removed: it is the live one");
    close();
    keyspace = new LineKeyspace();
    start();
    assertEquals("gen-2", live.generation().toString());
    assertEquals(Map.of("1:a", "1"), keyspace.map);
  }

  @Test
  void shouldEndWhenTheRenameOfCurrentCannotBeForced() {
    // The directory is forced for a new generation, too: fails from the rename on only.
    disk.failAt("renamed", directory.resolve(DataDirectory.CURRENT));
    assertEndsAndTheNextStartGoesOnWithTheNewOne();
  }

  @Test
  void shouldEndWhenTheNewGenerationCannotBeMarkedAsLive() {
    disk.failAt("delete", directory.resolve("gen-2").resolve(DataDirectory.BUILDING));
    assertEndsAndTheNextStartGoesOnWithTheNewOne();
  }

  @Test
  void shouldGoOnWithTheOldOneWhenCurrentWasNotRenamed() throws IOException {
    disk.failAt("rename", directory.resolve(DataDirectory.CURRENT));
    RecoveryException e = assertThrows(RecoveryException.class, this::rewind);
    assertFalse(e instanceof SwitchedException);
    assertEquals("gen-1", data.current().orElseThrow().toString());
    assertFalse(Files.exists(directory.resolve("gen-2")));
    assertEquals(0, discarded());
  }

  @Test
  void shouldGoOnWithTheNewOneWhenOlderDiscardedTailsCannotBeRemoved() throws IOException {
    for (int i = 0; i < KeptAside.KEPT; i++) {
      Files.createDirectory(directory.resolve(DiscardedTail.PREFIX + "1-" + i));
    }
    Path top = directory.resolve(DiscardedTail.PREFIX + "1-0");
    Path shortName = Files.createDirectory(top.resolve("a"));
    Path longName = top.resolve("b".repeat(250));
    deepen(shortName);
    // What is deepest in it has no path that is short enough now: a walk fails in its middle.
    Files.move(shortName, longName);
    Recovered made;
    try {
      made = rewind();
    } finally {
      Files.move(longName, shortName);
    }
    assertEquals("gen-2", made.generation().toString());
    assertEquals("gen-2", data.current().orElseThrow().toString());
    made.close();
  }

  /** Makes directories in each other until a path is as long as one may be. */
  private static void deepen(Path top) {
    Path deepest = top;
    try {
      while (true) {
        deepest = Files.createDirectory(deepest.resolve("d".repeat(100)));
      }
    } catch (IOException e) {
      assertTrue(deepest.toString().length() > 800, deepest::toString);
    }
  }

  @Test
  void shouldLeaveNothingOfADiscardedTailThatCannotBeKept() throws IOException {
    logDisk.below = DiscardedTail.PREFIX;
    RecoveryException e = assertThrows(RecoveryException.class, this::rewind);
    assertFalse(e instanceof SwitchedException);
    assertEquals("gen-1", data.current().orElseThrow().toString());
    assertEquals(0, discarded(), "one would be left by each attempt");
  }
}
