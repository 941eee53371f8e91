package org.chronolith.engine.snapshot;

import static org.chronolith.engine.snapshot.SnapshotFixture.config;
import static org.chronolith.engine.snapshot.SnapshotFixture.flipByte;
import static org.chronolith.engine.snapshot.SnapshotFixture.items;
import static org.chronolith.engine.snapshot.SnapshotFixture.keepingOlder;
import static org.chronolith.engine.snapshot.SnapshotFixture.meta;
import static org.chronolith.engine.snapshot.SnapshotFixture.snapshot;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.chronolith.engine.EngineException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a crash, a full disk or a bad sector may leave, and what becomes of it. */
class SnapshotDamageTest {
  @TempDir Path directory;
  private final RecordingListener listener = new RecordingListener();
  private Path first;
  private Path second;

  /** Two complete checkpoints side by side, as a crash before the removal of the first leaves. */
  @BeforeEach
  void makeTwoCheckpoints() throws IOException {
    try (SnapshotStore store = open()) {
      Checkpoint one =
          snapshot(store, listener, 1, Batches.direct().put("a", "1").build()).checkpoint();
      assertTrue(one.retain());
      second =
          snapshot(store, listener, 2, Batches.direct().put("a", "2").build())
              .checkpoint()
              .directory();
      first = one.directory();
    }
  }

  @Test
  void shouldUseTheNewestAndRemoveTheSuperseded() throws Exception {
    try (SnapshotStore store = open()) {
      assertEquals(Map.of("a", "2"), items(store));
      SnapshotFixture.await("the first is removed", () -> !Files.exists(first));
    }
  }

  @Test
  void shouldIgnoreACheckpointWithoutMeta() throws IOException {
    Files.delete(second.resolve(MetaFile.NAME));
    expectFirstBecause("half-made");
  }

  @Test
  void shouldIgnoreACheckpointWithTruncatedMeta() throws IOException {
    byte[] meta = Files.readAllBytes(second.resolve(MetaFile.NAME));
    Files.write(second.resolve(MetaFile.NAME), Arrays.copyOf(meta, meta.length / 2));
    expectFirstBecause("cut short");
  }

  @Test
  void shouldIgnoreACheckpointWithEmptyMeta() throws IOException {
    Files.write(second.resolve(MetaFile.NAME), new byte[0]);
    expectFirstBecause("cut short");
  }

  @Test
  void shouldIgnoreACheckpointWithAFlippedByteInMeta() throws IOException {
    flipByte(second.resolve(MetaFile.NAME), 20);
    expectFirstBecause("does not match its CRC32C");
  }

  @Test
  void shouldIgnoreACheckpointThatLacksATable() throws IOException {
    Path table = table(second);
    Files.delete(table);
    expectFirstBecause(table.getFileName() + ": missing");
  }

  @Test
  void shouldIgnoreACheckpointWithAShortTable() throws IOException {
    Path table = table(second);
    byte[] bytes = Files.readAllBytes(table);
    // A new file: the old one is shared with the other checkpoint.
    Files.delete(table);
    Files.write(table, Arrays.copyOf(bytes, bytes.length - 1));
    expectFirstBecause(table.getFileName() + ": has");
  }

  @Test
  void shouldIgnoreACheckpointWithADamagedManifest() throws IOException {
    Path manifest = file(second, "MANIFEST");
    flipByte(manifest, Files.size(manifest) / 2);
    expectFirstBecause(manifest.getFileName() + ": CRC32C is");
  }

  /** They hold no data, and RocksDB gives all checkpoints the same file of them. */
  @Test
  void shouldKeepTheCheckpointsSoundWhenTheOptionsOfTheWorkingDatabaseAreDamaged()
      throws Exception {
    try (SnapshotStore store = SnapshotStore.open(keepingOlder(directory), listener)) {
      Path third =
          snapshot(store, listener, 3, Batches.direct().put("a", "3").build())
              .checkpoint()
              .directory();
      Path working = directory.resolve("working");
      Path options = file(working, "OPTIONS-");
      flipByte(options, Files.size(options) / 2);
      for (Path checkpoint : List.of(first, second, third)) {
        CheckpointFiles.verify(checkpoint, true);
        for (Path path : CheckpointFiles.list(checkpoint)) {
          String name = path.getFileName().toString();
          assertTrue(
              name.endsWith(".sst") || !CheckpointFiles.isSame(path, working.resolve(name)),
              "one file with that of the working database: " + path);
          assertFalse(name.startsWith("OPTIONS"), "a file of options: " + path);
        }
      }
      snapshot(store, listener, 4, Batches.direct().put("b", "4").build());
      store.verify(store.newest().orElseThrow());
      assertEquals(Map.of("a", "3", "b", "4"), items(store));
    }
    assertEquals(List.of(), listener.ignored);
    // The working database is rebuilt from a checkpoint that has no options.
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 5, Batches.direct().put("c", "5").build());
      assertEquals(Map.of("a", "3", "b", "4", "c", "5"), items(store));
      assertFalse(store.needsFull());
    }
  }

  @Test
  void shouldUseACheckpointThatWasMadeWithOptions() throws Exception {
    Path options = second.resolve("OPTIONS-000007");
    Files.writeString(options, "[Version]\n  rocksdb_version=9.0.0\n  options_file_version=1.1\n");
    MetaFile meta = CheckpointInspector.meta(second);
    List<CheckpointFile> files = new ArrayList<>(meta.files());
    files.add(
        new CheckpointFile(
            options.getFileName().toString(),
            Files.size(options),
            CheckpointFiles.crc32c(options)));
    Files.write(second.resolve(MetaFile.NAME), new MetaFile(meta.meta(), files).encode());
    try (SnapshotStore store = open()) {
      Checkpoint newest = store.newest().orElseThrow();
      assertEquals(second, newest.directory());
      store.verify(newest);
      assertEquals(Map.of("a", "2"), items(store));
      Checkpoint next =
          snapshot(store, listener, 3, Batches.direct().put("b", "3").build()).checkpoint();
      assertTrue(next.files().stream().noneMatch(file -> file.name().startsWith("OPTIONS")));
      assertEquals(Map.of("a", "2", "b", "3"), items(store));
    }
    assertEquals(List.of(), listener.ignored);
  }

  @Test
  void shouldNameTheDamagedTableWhenItIsRead() throws IOException {
    Path table = table(second);
    flipByte(table, 5);
    try (SnapshotStore store = open()) {
      Checkpoint newest = store.newest().orElseThrow();
      EngineException onLoad = assertThrows(EngineException.class, () -> items(store));
      assertEquals(EngineException.Severity.CORRUPTION, onLoad.severity());
      assertTrue(onLoad.getMessage().contains(table.toString()), onLoad.getMessage());
      EngineException onVerify = assertThrows(EngineException.class, () -> store.verify(newest));
      assertTrue(onVerify.getMessage().contains(table.toString()), onVerify.getMessage());
    }
  }

  @Test
  void shouldFailToLoadForAnyFlippedByteOfATable() throws IOException {
    Path table = table(second);
    byte[] sound = Files.readAllBytes(table);
    Random random = new Random(20);
    int refused = 0;
    for (int i = 0; i < 40; i++) {
      byte[] flipped = sound.clone();
      int at = random.nextInt(sound.length);
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(table, flipped);
      try (SnapshotStore store = open()) {
        Map<String, String> items = items(store);
        assertEquals(Map.of("a", "2"), items, "byte " + at + " became data");
      } catch (EngineException e) {
        assertEquals(EngineException.Severity.CORRUPTION, e.severity());
        refused++;
      }
    }
    assertTrue(refused > 5, "only " + refused + " of 40 were noticed");
  }

  @Test
  void shouldFindNothingInSoundFilesWhenItIsScrubbed() throws IOException {
    try (SnapshotStore store = open()) {
      long bytes = store.newest().orElseThrow().totalBytes();
      assertEquals(bytes, store.scrub(0, () -> false));
      assertEquals(bytes, store.scrub(1 << 20, () -> false));
      assertFalse(store.needsFull());
      assertEquals(List.of(), listener.damaged);
    }
  }

  /** The damaged table is of the newest one alone, and what is made now would link it. */
  @Test
  void shouldMakeNoCheckpointOfADamagedOneThatAScrubHasFound() throws Exception {
    try (SnapshotStore store = SnapshotStore.open(keepingOlder(directory), listener)) {
      SnapshotSession running = store.begin();
      running.offer(Batches.direct().put("b", "3").build());
      SnapshotFixture.await("open", () -> running.state() == SnapshotSession.State.RECEIVING);
      Path table = table(second);
      flipByte(table, 5);
      expectScrubToFind(store, table);
      assertEquals(first, store.newest().orElseThrow().directory());
      assertTrue(store.hasDistrusted());
      assertEquals(List.of(second), store.damaged());

      running.finish(meta(3));
      assertTrue(listener.awaitFailed().getMessage().contains("damaged"));
      assertTrue(store.needsFull());
      SnapshotSession full = store.begin();
      assertTrue(full.full());
      full.offer(Batches.direct().put("all", "of it").build());
      full.finish(meta(4));
      Checkpoint made = listener.awaitCompleted().checkpoint();
      store.verify(made);
      assertEquals(Map.of("all", "of it"), items(store));
      assertFalse(store.hasDistrusted());
      assertEquals(1, setAside().size());
      assertFalse(Files.exists(second));
    }
  }

  @Test
  void shouldTrustNoCheckpointThatSharesADamagedTable() throws Exception {
    try (SnapshotStore store = SnapshotStore.open(keepingOlder(directory), listener)) {
      Path shared = table(first);
      assertTrue(
          CheckpointFiles.isSame(shared, second.resolve(shared.getFileName())), "it is shared");
      flipByte(shared, 5);
      expectScrubToFind(store, second.resolve(shared.getFileName()));
      assertEquals(Optional.empty(), store.newest());
      assertEquals(List.of(second, first), store.damaged());
    }
  }

  @Test
  void shouldTakeAMissingTableForDamageWhenItIsScrubbed() throws Exception {
    try (SnapshotStore store = open()) {
      Path table = table(second);
      Files.delete(table);
      expectScrubToFind(store, table);
      assertEquals(Optional.empty(), store.newest());
    }
  }

  @Test
  void shouldTakeForDamageWhatCannotBeReadAndNotWhatCannotBeOpenedNow() throws Exception {
    try (SnapshotStore store = open()) {
      Path table = table(second);
      Path elsewhere = directory.resolve("elsewhere");
      Files.move(table, elsewhere);
      Files.createSymbolicLink(table, table);
      EngineException e = assertThrows(EngineException.class, () -> store.scrub(0, () -> false));
      assertEquals(EngineException.Severity.RETRYABLE, e.severity());
      assertEquals(second, store.newest().orElseThrow().directory());
      assertFalse(store.hasDistrusted());

      Files.delete(table);
      // To open it works, to read it does not.
      Files.createDirectory(table);
      expectScrubToFind(store, table);
      assertEquals(Optional.empty(), store.newest());
    }
  }

  @Test
  void shouldPassOverACheckpointThatCannotBeRead() throws Exception {
    Files.delete(second.resolve(MetaFile.NAME));
    Files.createDirectory(second.resolve(MetaFile.NAME));
    try (SnapshotStore store = open()) {
      assertEquals(List.of(second), store.damaged());
      assertEquals(first, store.newest().orElseThrow().directory());
    }
  }

  private void expectScrubToFind(SnapshotStore store, Path table) {
    EngineException e = assertThrows(EngineException.class, () -> store.scrub(0, () -> false));
    assertEquals(EngineException.Severity.CORRUPTION, e.severity());
    assertTrue(e.getMessage().contains(table.toString()), e.getMessage());
    assertEquals(List.of(e.getMessage()), listener.damaged);
  }

  private List<Path> setAside() throws IOException {
    return CheckpointFiles.list(directory).stream()
        .filter(path -> path.getFileName().toString().startsWith(SnapshotStore.DAMAGED))
        .collect(Collectors.toList());
  }

  @Test
  void shouldRefuseToInstallADamagedCheckpoint() throws IOException {
    try (SnapshotStore store = open()) {
      Path incoming = directory.resolve(SnapshotStore.INCOMING);
      Files.createDirectory(incoming);
      for (Path file : CheckpointFiles.list(second)) {
        Files.copy(file, incoming.resolve(file.getFileName()));
      }
      Path table = table(incoming);
      flipByte(table, 9);
      EngineException e = assertThrows(EngineException.class, () -> store.install(incoming));
      assertTrue(e.getMessage().contains(table.toString()), e.getMessage());
      assertEquals(Map.of("a", "2"), items(store));
    }
  }

  @Test
  void shouldRemoveADamagedCheckpointOnceANewerOneIsComplete() throws Exception {
    flipByte(second.resolve(MetaFile.NAME), 3);
    try (SnapshotStore store = open()) {
      assertEquals(List.of(second), store.damaged());
      snapshot(store, listener, 3, Batches.direct().put("a", "3").build());
      assertFalse(Files.exists(second));
      assertEquals(List.of(), store.damaged());
    }
  }

  /** The disk dies before each step in turn, and stays dead: that is what a kill leaves. */
  @Test
  void shouldKeepACompleteCheckpointWhereverTheProcessStops() throws Exception {
    boolean complete = false;
    int step = 0;
    for (; !complete; step++) {
      Dying dying = new Dying(step);
      try (SnapshotStore store = SnapshotStore.open(config(directory), listener)) {
        assertTrue(store.newest().isPresent());
      }
      long before;
      String expectedNew = "new" + step;
      try (SnapshotStore store = SnapshotStore.open(config(directory), listener, dying)) {
        before = store.newest().orElseThrow().offset();
        SnapshotSession session = store.begin();
        ByteBuf batch = Batches.direct().put("a", expectedNew).put("n" + step, "x").build();
        if (!session.offer(batch)) {
          batch.release();
        }
        session.finish(meta(before + 1));
        SnapshotFixture.await("an outcome", () -> session.state().isFinal());
        complete = session.state() == SnapshotSession.State.COMPLETE && !dying.dead;
      } catch (EngineException e) {
        assertTrue(e.getMessage().contains("step " + step), e.getMessage());
        continue;
      }
      try (SnapshotStore store = open()) {
        Checkpoint newest = store.newest().orElseThrow();
        store.verify(newest);
        if (newest.offset() == before + 1) {
          assertEquals(expectedNew, items(store).get("a"), "step " + step);
        } else {
          assertEquals(before, newest.offset(), "step " + step);
          assertFalse(items(store).containsKey("n" + step), "step " + step);
        }
      }
    }
    assertTrue(step > 8, "only " + step + " steps");
  }

  @Test
  void shouldFailWhenTheCheckpointCannotBeMadeAndSucceedLaterWithoutAFullSession()
      throws Exception {
    boolean[] full = {true};
    SnapshotDisk disk =
        new FaultyDisk() {
          @Override
          void before(String step, Path path) throws IOException {
            if (full[0] && step.equals("write")) {
              throw new IOException("No space left on device");
            }
          }
        };
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, disk)) {
      SnapshotSession session = store.begin();
      session.offer(Batches.direct().put("b", "3").build());
      session.finish(meta(3));
      EngineException e = listener.awaitFailed();
      assertTrue(e.getMessage().contains("No space left on device"), e.getMessage());
      assertEquals(EngineException.Severity.NO_SPACE, e.severity());
      assertTrue(session.failedForSpace());
      assertEquals(SnapshotSession.State.FAILED, session.state());
      assertFalse(store.needsFull());
      assertEquals(Map.of("a", "2"), items(store));
      full[0] = false;
      snapshot(store, listener, 4, Batches.direct().put("c", "4").build());
      assertEquals(Map.of("a", "2", "b", "3", "c", "4"), items(store));
    }
  }

  @Test
  void shouldWriteEverythingAnewWhereTheDiskDoesNotGiveBackWhatWasWritten() {
    AtomicBoolean unreadable = new AtomicBoolean(true);
    SnapshotEnv env =
        new SnapshotEnv(
            SnapshotDisk.REAL,
            config -> new UnreadableTables(new RocksTables(config, SnapshotDisk.REAL), unreadable),
            Executors::newSingleThreadExecutor);
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, env)) {
      SnapshotSession session = store.begin();
      session.offer(Batches.direct().put("b", "3").build());
      session.finish(meta(3));
      EngineException e = listener.awaitFailed();
      assertTrue(e.getMessage().endsWith(".sst: cannot be read: Is a directory"), e.getMessage());
      assertTrue(store.needsFull());
      assertEquals(Map.of("a", "2"), items(store));
      unreadable.set(false);
      SnapshotSession next = store.begin();
      assertTrue(next.full());
      next.offer(Batches.direct().put("a", "2").put("b", "3").build());
      next.finish(meta(4));
      listener.awaitCompleted();
      assertEquals(Map.of("a", "2", "b", "3"), items(store));
    }
  }

  /** Puts a directory in the place of a checkpoint's newest table: opened, it cannot be read. */
  private record UnreadableTables(SnapshotTables tables, AtomicBoolean unreadable)
      implements SnapshotTables {
    @Override
    public Working open(Path from) throws IOException {
      Working working = tables.open(from);
      return new Working() {
        @Override
        public void write(ByteBuf batch) throws IOException {
          working.write(batch);
        }

        @Override
        public void flush() throws IOException {
          working.flush();
        }

        @Override
        public void checkpoint(Path making) throws IOException {
          working.checkpoint(making);
          if (unreadable.get()) {
            Path table = table(making);
            Files.delete(table);
            Files.createDirectory(table);
          }
        }

        @Override
        public void close() {
          working.close();
        }
      };
    }

    @Override
    public CheckpointReader read(Checkpoint checkpoint) {
      return tables.read(checkpoint);
    }

    @Override
    public void close() {
      tables.close();
    }
  }

  /**
   * Each force of a session fails once, in turn; as on Linux, the next one of that file succeeds.
   */
  @Test
  void shouldWriteEverythingIntoNewFilesAfterAnyForceThatFailed() throws Exception {
    int forces = 0;
    for (boolean failed = true; failed; forces++) {
      Path at = Files.createDirectory(directory.resolve("force-" + forces));
      FailingForce disk = new FailingForce(forces);
      try (SnapshotStore store = SnapshotStore.open(config(at), listener, disk)) {
        Checkpoint base =
            snapshot(store, listener, 1, Batches.direct().put("a", "1").build()).checkpoint();
        disk.arm();
        SnapshotSession session = store.begin();
        session.offer(Batches.direct().put("b", "2").build());
        session.finish(meta(2));
        SnapshotFixture.await("an outcome", () -> session.state().isFinal());
        failed = session.state() == SnapshotSession.State.FAILED;
        if (!failed) {
          assertEquals(null, disk.failed);
          listener.awaitCompleted();
          continue;
        }
        String which = "force " + forces + ": " + disk.failed;
        assertTrue(listener.awaitFailed().getMessage().contains(disk.failed.toString()), which);
        assertTrue(store.needsFull(), which);
        assertEquals(base, store.newest().orElseThrow(), which);
        assertEquals(List.of(base.directory()), checkpoints(at), which);
        expectAFullSessionFromNewFiles(store, disk, which);
      }
      try (SnapshotStore store = SnapshotStore.open(config(at), listener)) {
        assertEquals(Map.of("a", "1", "b", "2", "c", "3"), items(store));
      }
    }
    // A table, two small files, the directory in the making, and the one of all checkpoints.
    assertTrue(forces > 5, "only " + forces + " forces");
  }

  private void expectAFullSessionFromNewFiles(SnapshotStore store, FailingForce disk, String which)
      throws IOException {
    SnapshotSession next = store.begin();
    assertTrue(next.full(), which);
    next.offer(Batches.direct().put("a", "1").put("b", "2").put("c", "3").build());
    next.finish(meta(3));
    Checkpoint made = listener.awaitCompleted().checkpoint();
    for (CheckpointFile file : made.files()) {
      Object key = FailingForce.fileKey(made.directory().resolve(file.name()));
      assertFalse(disk.filesBefore.contains(key), which + ", then " + file.name());
    }
    store.verify(made);
    assertFalse(store.needsFull());
    assertEquals(Map.of("a", "1", "b", "2", "c", "3"), items(store), which);
  }

  @Test
  void shouldRemoveLaterWhatIsCompleteAndCouldNotBeRemovedAfterAFailedForce() throws Exception {
    boolean[] failing = {false};
    SnapshotDisk disk =
        new FaultyDisk() {
          @Override
          void before(String step, Path path) throws IOException {
            boolean last = step.equals("force") && path.equals(directory);
            boolean removal = step.equals("remove") && path.endsWith("checkpoint-3");
            if (failing[0] && (last || removal)) {
              throw new IOException("Input/output error");
            }
          }
        };
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, disk)) {
      failing[0] = true;
      SnapshotSession session = store.begin();
      session.offer(Batches.direct().put("b", "3").build());
      session.finish(meta(3));
      listener.awaitFailed();
      Path unseen = directory.resolve("checkpoint-3");
      assertTrue(Files.exists(unseen));
      assertEquals(List.of(unseen), store.damaged());
      assertEquals(2, store.newest().orElseThrow().offset());
      failing[0] = false;
      snapshot(store, listener, 4, Batches.direct().put("all", "of it").build());
      assertFalse(Files.exists(unseen));
      assertEquals(List.of(), store.damaged());
      assertEquals(Map.of("all", "of it"), items(store));
    }
  }

  @Test
  void shouldAskForAFullSessionAfterBatchesWereLost() throws Exception {
    try (SnapshotStore store = open()) {
      SnapshotSession session = store.begin();
      SnapshotFixture.await("open", () -> session.state() == SnapshotSession.State.RECEIVING);
      // The directory goes away below RocksDB, so that no table file can be written.
      Files.move(
          directory.resolve("working"),
          directory.resolve("elsewhere"),
          StandardCopyOption.ATOMIC_MOVE);
      session.offer(Batches.direct().put("b", "lost").build());
      session.finish(meta(3));
      EngineException e = listener.awaitFailed();
      assertTrue(e.getMessage().contains("cannot flush the working database"), e.getMessage());
      assertEquals(EngineException.Severity.RETRYABLE, e.severity());
      assertFalse(session.failedForSpace());
      assertTrue(store.needsFull());
      assertEquals(Map.of("a", "2"), items(store));

      SnapshotSession next = store.begin();
      assertTrue(next.full());
      next.offer(Batches.direct().put("b", "all there is").build());
      next.finish(meta(4));
      listener.awaitCompleted();
      assertFalse(store.needsFull());
      assertEquals(Map.of("b", "all there is"), items(store));
    }
  }

  @Test
  void shouldWriteEverythingWhenTheKeyspaceIsNotOfTheNewestCheckpoint() {
    try (SnapshotStore store = open()) {
      store.requireFull();
      SnapshotSession session = store.begin();
      assertTrue(session.full());
      assertThrows(IllegalStateException.class, store::begin);
      session.offer(Batches.direct().put("only", "this").build());
      session.finish(meta(9));
      listener.awaitCompleted();
      assertEquals(Map.of("only", "this"), items(store));
    }
  }

  @Test
  void shouldFailOnAMalformedBatch() {
    try (SnapshotStore store = open()) {
      SnapshotSession session = store.begin();
      session.offer(Batches.direct().build().writeByte(9).writeInt(1).writeByte(1));
      EngineException e = listener.awaitFailed();
      assertTrue(e.getMessage().contains("operation 9"), e.getMessage());
      assertTrue(store.needsFull());
    }
  }

  @Test
  void shouldEndASessionWhateverHappensWhenItsWorkingDatabaseIsGivenUp() {
    AtomicBoolean broken = new AtomicBoolean();
    SnapshotDisk disk =
        new FaultyDisk() {
          @Override
          void before(String step, Path path) {
            if (broken.get() && step.equals("remove")) {
              throw new IllegalStateException("for the test");
            }
          }
        };
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, disk)) {
      SnapshotSession session = store.begin();
      session.offer(Batches.direct().put("a", "1").build());
      session.finish(meta(5));
      listener.awaitCompleted();
      broken.set(true);
      SnapshotSession failing = store.begin();
      failing.offer(Batches.direct().build().writeByte(9).writeInt(1).writeByte(1));
      EngineException e = listener.awaitFailed();
      assertTrue(e.getMessage().endsWith(": for the test"), e.getMessage());
      assertTrue(e.getCause().getSuppressed()[0].getMessage().contains("operation 9"));
      assertFalse(store.isRunning());
      broken.set(false);
      SnapshotSession next = store.begin();
      assertTrue(next.full());
      next.offer(Batches.direct().put("a", "2").build());
      next.finish(meta(6));
      listener.awaitCompleted();
      assertEquals(Map.of("a", "2"), items(store));
    }
  }

  private void expectFirstBecause(String reason) {
    try (SnapshotStore store = open()) {
      assertEquals(Map.of("a", "1"), items(store));
      assertEquals(1, listener.ignored.size());
      String report = listener.ignored.get(0);
      assertTrue(report.startsWith(second.getFileName() + ": "), report);
      assertTrue(report.contains(reason), report);
      assertTrue(Files.exists(second), "kept until it is superseded");
    }
  }

  private static Path table(Path checkpoint) throws IOException {
    List<Path> tables =
        CheckpointFiles.list(checkpoint).stream()
            .filter(path -> path.toString().endsWith(".sst"))
            .collect(Collectors.toList());
    return tables.get(tables.size() - 1);
  }

  private static Path file(Path checkpoint, String start) throws IOException {
    return CheckpointFiles.list(checkpoint).stream()
        .filter(path -> path.getFileName().toString().startsWith(start))
        .findFirst()
        .orElseThrow();
  }

  private SnapshotStore open() {
    return SnapshotStore.open(config(directory), listener);
  }

  private static List<Path> checkpoints(Path snapshots) throws IOException {
    return CheckpointFiles.list(snapshots).stream()
        .filter(path -> path.getFileName().toString().matches("(checkpoint|making)-.*"))
        .collect(Collectors.toList());
  }

  /** Fails one force, the {@code nth} after it is armed, and none after it. */
  private static final class FailingForce extends FaultyDisk {
    private final int nth;
    private int forces;
    private boolean armed;

    /** Of every file that was forced up to then, the one that failed included. */
    final Set<Object> filesBefore = new HashSet<>();

    volatile Path failed;

    FailingForce(int nth) {
      this.nth = nth;
    }

    synchronized void arm() {
      armed = true;
    }

    static Object fileKey(Path path) throws IOException {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    @Override
    synchronized void before(String step, Path path) throws IOException {
      if (!step.equals("force") || failed != null) {
        return;
      }
      if (Files.isRegularFile(path)) {
        filesBefore.add(fileKey(path));
        // Another name keeps the file, so that its number is not given to a new one.
        Path kept = path.resolveSibling("../../kept-" + nth).normalize();
        Files.createDirectories(kept);
        Files.createLink(
            kept.resolve(path.getParent().getFileName() + "-" + path.getFileName()), path);
      }
      if (armed && forces++ == nth) {
        failed = path;
        throw new IOException("Input/output error");
      }
    }
  }

  /** Refuses every step from the {@code last}th on. */
  private static final class Dying extends FaultyDisk {
    private final int last;
    private int steps;
    volatile boolean dead;

    Dying(int last) {
      this.last = last;
    }

    @Override
    synchronized void before(String step, Path path) throws IOException {
      if (steps++ >= last) {
        dead = true;
        throw new IOException("step " + last + " and after: the disk is gone");
      }
    }
  }
}
