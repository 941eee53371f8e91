package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.replicationlog.ReplicationLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BackupTest {
  @TempDir Path directory;

  private final LinkedBlockingQueue<Runnable> engine = new LinkedBlockingQueue<>();
  private final List<String> failures = new ArrayList<>();

  /** What the log does when its segments are to be copied: the directory is half made then. */
  private Throwable onCopy;

  private ReplicationLog log() {
    return (ReplicationLog)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ReplicationLog.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("copyTo")) {
                throw onCopy;
              }
              return method.getReturnType() == long.class ? 0L : null;
            });
  }

  private static SnapshotStream stream() {
    return (SnapshotStream)
        Proxy.newProxyInstance(
            BackupTest.class.getClassLoader(),
            new Class<?>[] {SnapshotStream.class},
            (proxy, method, arguments) -> 0L);
  }

  private void failsWith(Throwable cause, String told) throws Exception {
    onCopy = cause;
    Path data = Files.createDirectories(directory.resolve("data"));
    Path target = directory.resolve("backup");
    try (MadeCheckpoint made = new MadeCheckpoint(data.resolve("snapshot"))) {
      Recovered live = new Recovered(new Generation(1, data), made.store(), log(), 0, 0, 0, 0, 0);
      Backup backup = new Backup(() -> live, () -> data, stream(), engine::add);
      Checkpoint checkpoint = made.store().newest().orElseThrow();
      for (int i = 1; i <= 2; i++) {
        backup.start(target, ok -> failures.add("made"), failures::add);
        assertEquals(7, backup.neededFrom());
        assertThrows(RecoveryException.class, () -> backup.start(target, ok -> {}, failure -> {}));
        Runnable ended = engine.poll(30, TimeUnit.SECONDS);
        assertTrue(ended != null, "the engine is told");
        ended.run();
        assertEquals(i, failures.size());
        assertTrue(failures.get(i - 1).contains(told), failures.toString());
        assertEquals(Long.MAX_VALUE, backup.neededFrom());
        assertEquals(0, MadeCheckpoint.retains(checkpoint));
        assertFalse(Files.exists(directory.resolve("backup.making")));
      }
    }
  }

  @Test
  void shouldRefusePlacesThatItWouldHarmOrCannotTake() throws Exception {
    Path data = Files.createDirectories(directory.resolve("data"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
    try (MadeCheckpoint made = new MadeCheckpoint(data.resolve("snapshot"))) {
      Recovered live = new Recovered(new Generation(1, data), made.store(), log(), 0, 0, 0, 0, 0);
      Backup backup = new Backup(() -> live, () -> link.resolve("data"), stream(), engine::add);
      for (Path inside : List.of(data.resolve("gen-2"), link.resolve("data/a/b"), directory)) {
        assertTrue(refusal(backup, inside).contains("must not lie in the data directory"));
      }
      // Mounted on every Linux.
      assertTrue(refusal(backup, Path.of("/proc")).contains("a volume is mounted"));
      assertEquals(
          "[/proc/x.making: No such file or directory]", refusal(backup, Path.of("/proc/x")));
    }
  }

  private String refusal(Backup backup, Path target) throws InterruptedException {
    failures.clear();
    backup.start(target, ok -> failures.add("made"), failures::add);
    engine.poll(30, TimeUnit.SECONDS).run();
    return failures.toString();
  }

  @Test
  void shouldEndAndTellTheClientWhenMemoryRunsOut() throws Exception {
    failsWith(new OutOfMemoryError("no more"), "no more");
  }

  @Test
  void shouldEndAndTellTheClientOfAnExceptionThatNobodyForesaw() throws Exception {
    failsWith(
        new UncheckedIOException(new NoSuchFileException("gone")),
        "gone: No such file or directory");
  }
}
