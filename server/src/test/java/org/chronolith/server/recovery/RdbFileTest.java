package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RdbFileTest {
  private static final int PIECE_BYTES = 1 << 20;

  @TempDir Path directory;

  private final LinkedBlockingQueue<Runnable> engine = new LinkedBlockingQueue<>();
  private final List<String> ends = new ArrayList<>();
  private long freeBytes = Long.MAX_VALUE / 2;

  private Path target() {
    return directory.resolve("dump.rdb");
  }

  /**
   * @return what the save ended with; null for success
   */
  private String save(RdbFile.Writer writer) throws Exception {
    try (MadeCheckpoint made = new MadeCheckpoint(directory.resolve("snapshot"))) {
      RdbFile file =
          new RdbFile(
              () -> true,
              this::target,
              () -> Optional.of(made.retained()),
              writer,
              new SpaceFloor(() -> freeBytes, () -> 3L * PIECE_BYTES),
              engine::add);
      file.begin(ends::add);
      assertTrue(file.isRunning());
      Runnable ended = engine.poll(30, TimeUnit.SECONDS);
      assertTrue(ended != null, "the engine is told");
      ended.run();
      assertFalse(file.isRunning());
      assertEquals(ends.get(0) == null, file.lastOk());
      assertEquals(0, MadeCheckpoint.retains(made.store().newest().orElseThrow()));
      assertFalse(Files.exists(directory.resolve("dump.rdb.making")));
    }
    return ends.get(0);
  }

  @Test
  void shouldEndWhenMemoryRunsOut() throws Exception {
    String failure =
        save(
            (checkpoint, auxiliary, out) -> {
              throw new OutOfMemoryError("no more");
            });
    assertTrue(failure.contains("no more"), failure);
    assertFalse(Files.exists(target()));
  }

  @Test
  void shouldNotBeginWithoutRoomForIt() throws Exception {
    freeBytes = 3L * PIECE_BYTES;
    String failure =
        save(
            (checkpoint, auxiliary, out) -> {
              throw new AssertionError("it has begun");
            });
    assertTrue(failure.contains("does not leave the " + 3 * PIECE_BYTES), failure);
  }

  @Test
  void shouldStopBeforeItTakesTheLastSpace() throws Exception {
    freeBytes = 20L * PIECE_BYTES;
    String failure =
        save(
            (checkpoint, auxiliary, out) -> {
              for (int i = 0; i < 20; i++) {
                freeBytes -= out.write(ByteBuffer.allocate(PIECE_BYTES));
              }
              return 0;
            });
    assertTrue(failure.contains("bytes that the log needs"), failure);
    assertTrue(freeBytes >= 3L * PIECE_BYTES, "left: " + freeBytes);
    assertFalse(Files.exists(target()));
  }

  @Test
  void shouldLeaveTheFileUnderItsName() throws Exception {
    assertNull(save((checkpoint, auxiliary, out) -> out.write(ByteBuffer.allocate(9))));
    assertEquals(9, Files.size(target()));
  }
}
