package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private LineKeyspace keyspace = new LineKeyspace();

  @Test
  void shouldStartFreshWithAGenerationAndANewId() {
    String firstId;
    try (Node node = start(false)) {
      assertEquals(0, node.log().endOffset());
      assertEquals("gen-1", node.recovered.generation().toString());
      assertEquals(List.of(), node.recovered.history().lineage());
      firstId = node.recovered.history().currentId();
      assertFalse(node.progress.loading());
    }
    assertNotEquals(History.NO_ID, firstId);
  }

  @Test
  void shouldReplayTheLogAndKeepTheIdAfterACleanStop() {
    String id;
    try (Node node = start(false)) {
      id = node.recovered.history().currentId();
      node.append("S 3\na=1\nb=2\n");
      node.markClean();
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("3:a", "1", "3:b", "2"), node.keyspace().map);
      assertEquals(id, node.recovered.history().currentId());
      assertEquals(List.of(), node.recovered.history().lineage());
      assertEquals(3, node.recovered.streamDb());
      assertEquals(12, node.recovered.replayedBytes());
      assertEquals(3, node.recovered.replayedCommands());
      assertEquals(0, node.recovered.snapshotOffset());
    }
  }

  @Test
  void shouldTakeANewIdAfterAnUncleanStopOfAMaster() {
    String first;
    try (Node node = start(false)) {
      first = node.recovered.history().currentId();
      node.append("S 0\na=1\n");
    }
    History second;
    try (Node node = start(false)) {
      second = node.recovered.history();
      assertNotEquals(first, second.currentId());
      assertEquals(List.of(new History.Ancestor(first, 8)), second.lineage());
      node.append("a=2\n");
    }
    try (Node node = start(false)) {
      assertEquals(
          List.of(new History.Ancestor(second.currentId(), 12), new History.Ancestor(first, 8)),
          node.recovered.history().lineage());
      assertEquals(Map.of("0:a", "2"), node.keyspace().map);
    }
  }

  /** Starts in {@code from} as a master, and gives the history. */
  private History historyIn(Path from) {
    Path kept = directory;
    directory = from;
    try (Node node = start(false)) {
      History history = node.recovered.history();
      node.markClean();
      return history;
    } finally {
      directory = kept;
    }
  }

  private History stopCleanly() {
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      node.markClean();
      return node.recovered.history();
    }
  }

  private void checkNewId(History old, History next) {
    assertNotEquals(old.currentId(), next.currentId());
    assertEquals(List.of(new History.Ancestor(old.currentId(), 8)), next.lineage());
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.collect(Collectors.toList())) {
        Files.copy(
            path, to.resolve(from.relativize(path).toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Test
  void shouldGiveACopyOfACleanlyStoppedDirectoryAnIdOfItsOwn(@TempDir Path elsewhere)
      throws Exception {
    History old = stopCleanly();
    Path copy = elsewhere.resolve("copy");
    Path second = elsewhere.resolve("second");
    copyTree(directory, copy);
    copyTree(directory, second);
    History copied = historyIn(copy);
    checkNewId(old, copied);
    checkNewId(old, historyIn(second));
    assertEquals(old, historyIn(directory), "the original goes on");
    assertEquals(copied, historyIn(copy), "the copy is a directory like any other by now");
  }

  @Test
  void shouldGiveADirectoryThatWasRestoredInItsPlaceANewId(@TempDir Path elsewhere)
      throws Exception {
    History old = stopCleanly();
    copyTree(directory, elsewhere.resolve("backup"));
    for (Path path : tree(directory)) {
      Files.delete(path);
    }
    copyTree(elsewhere.resolve("backup"), directory);
    checkNewId(old, historyIn(directory));
  }

  private static List<Path> tree(Path under) throws IOException {
    try (Stream<Path> paths = Files.walk(under)) {
      return paths.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
    }
  }

  @Test
  void shouldKeepTheIdWhenTheDirectoryIsRenamed(@TempDir Path elsewhere) throws Exception {
    Path before = elsewhere.resolve("before");
    Path kept = directory;
    directory = before;
    History old = stopCleanly();
    directory = kept;
    Path after = Files.move(before, elsewhere.resolve("after"));
    assertEquals(old, historyIn(after));
  }

  @Test
  void shouldTakeANewIdWhenTheLogLooksAsTheLastCleanStopLeftIt(@TempDir Path elsewhere)
      throws Exception {
    History old = stopCleanly();
    copyTree(directory.resolve("gen-1/log"), elsewhere.resolve("log"));
    try (Node node = start(false)) {
      assertEquals(old, node.recovered.history());
      assertFalse(Files.exists(directory.resolve(Instance.NAME)));
      node.append("b=2\n");
    }
    // As a power loss that takes all unforced bytes away, which replicas may have.
    for (Path path : tree(directory.resolve("gen-1/log"))) {
      Files.delete(path);
    }
    copyTree(elsewhere.resolve("log"), directory.resolve("gen-1/log"));
    checkNewId(old, historyIn(directory));
  }

  /** Stopped cleanly at 8 and then at 12, and the generation of the first stop put back. */
  private History putTheGenerationBack(Path elsewhere) throws IOException {
    History old = stopCleanly();
    copyTree(directory.resolve("gen-1"), elsewhere.resolve("gen-1"));
    try (Node node = start(false)) {
      assertEquals(old, node.recovered.history());
      node.append("b=2\n");
      node.markClean();
    }
    for (Path path : tree(directory.resolve("gen-1"))) {
      Files.delete(path);
    }
    copyTree(elsewhere.resolve("gen-1"), directory.resolve("gen-1"));
    return old;
  }

  @Test
  void shouldTakeANewIdWhenAnEarlierGenerationIsPutBackInItsPlace(@TempDir Path elsewhere)
      throws Exception {
    History old = putTheGenerationBack(elsewhere);
    History next = historyIn(directory);
    checkNewId(old, next);
    assertEquals(next, historyIn(directory), "it is a directory like any other by now");
  }

  /** As an earlier release wrote it: it does not say where the log ended. */
  private void forgetTheEnd() throws IOException {
    Path file = directory.resolve(Instance.NAME);
    String text = Files.readString(file);
    assertTrue(text.startsWith("version=2\n") && text.contains("\nlog-end="), text);
    Files.writeString(
        file, text.replace("version=2\n", "version=1\n").replaceAll("log-end=\\d+\n", ""));
  }

  @Test
  void shouldKeepTheIdAfterACleanStopOfAnEarlierRelease() throws Exception {
    History old = stopCleanly();
    forgetTheEnd();
    assertEquals(old, historyIn(directory));
  }

  @Test
  void shouldTakeANewIdWhenAReplicaIsKnownToHaveMore(@TempDir Path elsewhere) throws Exception {
    History old = putTheGenerationBack(elsewhere);
    forgetTheEnd();
    try (Node node = start(false, 12)) {
      checkNewId(old, node.recovered.history());
    }
  }

  @Test
  void shouldKeepTheIdWhenAReplicaIsKnownToHaveAllOfIt() {
    History old = stopCleanly();
    try (Node node = start(false, 8)) {
      assertEquals(old, node.recovered.history());
    }
  }

  @Test
  void shouldTakeANewIdWhenNothingTellsACopyFromTheOriginal() throws Exception {
    History old = stopCleanly();
    Files.delete(directory.resolve(Instance.NAME));
    checkNewId(old, historyIn(directory));
  }

  @Test
  void shouldTakeANewIdWhenWhatWasAReplicaStartsAsAMaster() {
    String masters;
    try (Node node = start(true)) {
      masters = node.recovered.history().currentId();
      node.append("S 0\na=1\n");
      node.markCleanAsReplica();
    }
    try (Node node = start(true)) {
      assertEquals(masters, node.recovered.history().currentId());
      node.markCleanAsReplica();
    }
    History next = historyIn(directory);
    assertNotEquals(masters, next.currentId());
    assertEquals(List.of(new History.Ancestor(masters, 8)), next.lineage());
  }

  @Test
  void shouldKeepItsMastersIdAfterAnUncleanStopOfAReplica() {
    String id;
    try (Node node = start(true)) {
      id = node.recovered.history().currentId();
      node.append("S 0\na=1\n");
    }
    try (Node node = start(true)) {
      assertEquals(id, node.recovered.history().currentId());
      assertEquals(List.of(), node.recovered.history().lineage());
    }
  }

  @Test
  void shouldLoadTheCheckpointAndReplayOnlyWhatFollows() throws Exception {
    try (Node node = start(false)) {
      node.append("S 5\na=1\n");
      node.snapshot();
      node.append("b=2\n");
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("5:a", "1", "5:b", "2"), node.keyspace().map);
      assertEquals(1, keyspace.itemsEnds);
      assertEquals(1, node.recovered.items());
      assertEquals(4, node.recovered.replayedBytes());
      assertEquals(5, node.recovered.streamDb());
    }
  }

  @Test
  void shouldStartAfterTheLogWasTrimmedUpToTheCheckpoint() throws Exception {
    String value = "v".repeat(1000);
    try (Node node = start(false)) {
      node.append("S 1\n");
      for (int i = 0; i < 4000; i++) {
        node.append("key" + i + "=" + value + "\n");
      }
      node.snapshot();
      long end = node.log().endOffset();
      node.log().trim(end, System.currentTimeMillis());
      await(() -> node.log().startOffset() > 0);
      node.append("last=x\n");
    }
    try (Node node = start(false)) {
      assertTrue(node.log().startOffset() > 0);
      assertEquals(4001, node.keyspace().map.size());
      assertEquals("x", node.keyspace().map.get("1:last"));
      assertEquals(7, node.recovered.replayedBytes());
    }
  }

  @Test
  void shouldRefuseALogThatStartsAfterTheNewestSoundCheckpoint() throws Exception {
    String value = "v".repeat(1000);
    try (Node node = start(false)) {
      for (int i = 0; i < 4000; i++) {
        node.append("key" + i + "=" + value + "\n");
      }
      node.snapshot();
      node.log().trim(node.log().endOffset(), System.currentTimeMillis());
      await(() -> node.log().startOffset() > 0);
    }
    Path meta = checkpoint().resolve("META");
    Files.write(meta, new byte[] {1, 2, 3});
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains("there is no sound checkpoint"), e.getMessage());
    assertTrue(e.getMessage().contains(meta.getParent().toString()), e.getMessage());
  }

  @Test
  void shouldReplayTheWholeLogWhenTheCheckpointIsDamagedAndTheLogReachesBack() throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      node.snapshot();
      node.append("b=2\n");
    }
    Files.write(checkpoint().resolve("META"), new byte[] {1, 2, 3});
    try (Node node = start(false)) {
      assertEquals(Map.of("0:a", "1", "0:b", "2"), node.keyspace().map);
      assertEquals(0, node.recovered.items());
      assertEquals(12, node.recovered.replayedBytes());
    }
  }

  @Test
  void shouldGoBackToTheCheckpointBeforeADamagedOne() throws Exception {
    Checkpoint before;
    Path table;
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      before = node.snapshot();
      node.append("b=2\n");
      table = damage(node.snapshot());
      node.append("a=3\n");
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("0:a", "3", "0:b", "2"), node.keyspace().map);
      assertEquals(1, node.recovered.items());
      assertEquals(before.offset(), node.recovered.snapshotOffset());
      assertEquals(8, node.recovered.replayedBytes());
      assertEquals(1, node.completions.damaged.size());
      assertTrue(node.completions.damaged.get(0).contains(table.getFileName().toString()));
      await(() -> setAside().size() == 1);
      assertFalse(Files.exists(table));
      // It is of the one before, and sound.
      Checkpoint next = node.snapshot();
      node.recovered.snapshots().verify(next);
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("0:a", "3", "0:b", "2"), node.keyspace().map);
      assertEquals(0, node.recovered.replayedBytes());
      assertEquals(List.of(), node.completions.damaged);
      assertEquals(1, setAside().size());
    }
  }

  @Test
  void shouldGoBackToTheEmptyStateWhenTheOnlyCheckpointIsDamaged() throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      damage(node.snapshot());
      node.append("b=2\n");
    }
    for (int i = 0; i < 2; i++) {
      try (Node node = start(false)) {
        assertEquals(Map.of("0:a", "1", "0:b", "2"), node.keyspace().map);
        assertEquals(0, node.recovered.items());
        assertEquals(i == 0 ? 1 : 0, node.completions.damaged.size());
        await(() -> setAside().size() == 1);
      }
    }
  }

  @Test
  void shouldGoBackBehindSeveralDamagedCheckpointsAndKeepABoundedNumberOfThem() throws Exception {
    for (int round = 1; round <= 3; round++) {
      try (Node node = start(false)) {
        node.append("S 0\na=" + round + "\n");
        damage(node.snapshot());
        node.append("b=" + round + "\n");
        damage(node.snapshot());
      }
      String expected = "" + round;
      try (Node node = start(false)) {
        assertEquals(Map.of("0:a", expected, "0:b", expected), node.keyspace().map);
        assertEquals(2, node.completions.damaged.size());
        int kept = Math.min(2 * round, KeptAside.KEPT + 2);
        await(() -> setAside().size() == kept);
      }
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("0:a", "3", "0:b", "3"), node.keyspace().map);
      assertEquals(KeptAside.KEPT, setAside().size());
    }
  }

  @Test
  void shouldRefuseADamagedCheckpointIfTheLogDoesNotReachBackToTheOneBefore() throws Exception {
    String value = "v".repeat(1000);
    Path table;
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      node.snapshot();
      for (int i = 0; i < 4000; i++) {
        node.append("key" + i + "=" + value + "\n");
      }
      table = damage(node.snapshot());
      node.log().trim(node.log().endOffset(), System.currentTimeMillis());
      await(() -> node.log().startOffset() > 8);
    }
    for (int i = 0; i < 2; i++) {
      RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
      assertTrue(e.getMessage().contains(table.toString()), e.getMessage());
      assertTrue(e.getMessage().contains("the newest sound checkpoint ends at 8"), e.getMessage());
      assertTrue(e.getMessage().contains("bin/chronolith restore"), e.getMessage());
      assertTrue(Files.exists(table), "nothing was changed");
      assertEquals(List.of(), setAside());
    }
  }

  @Test
  void shouldRefuseADamagedCheckpointIfTheLogEndsBeforeIt() throws Exception {
    History history;
    Path table;
    try (Node node = start(false)) {
      node.append("S 2\na=1\n");
      table = damage(node.snapshot());
      history = node.recovered.history();
    }
    replaceLogByAnEmptyOne(history);
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains(table.toString()), e.getMessage());
    assertTrue(e.getMessage().contains("The log ends at 0"), e.getMessage());
    assertEquals(List.of(), setAside());
  }

  @Test
  void shouldRefuseACheckpointWithADamagedMetaIfTheLogEndsBeforeIt(@TempDir Path elsewhere)
      throws Exception {
    History history;
    Path checkpoint;
    try (Node node = start(false)) {
      node.append("S 2\na=1\n");
      checkpoint = node.snapshot().directory();
      history = node.recovered.history();
    }
    Path meta = checkpoint.resolve("META");
    byte[] bytes = Files.readAllBytes(meta);
    bytes[bytes.length / 2] ^= 1;
    Files.write(meta, bytes);
    replaceLogByAnEmptyOne(history);
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(
        e.getMessage().contains(checkpoint + " is damaged, and the log ends at 0, before that"),
        e.getMessage());

    Files.move(checkpoint, elsewhere.resolve("checkpoint"));
    try (Node node = start(false)) {
      assertEquals(Map.of(), node.keyspace().map);
    }
  }

  /** Changes a byte in the newest table of a checkpoint, which no older one shares. */
  private static Path damage(Checkpoint checkpoint) throws IOException {
    Path table;
    try (Stream<Path> files = Files.list(checkpoint.directory())) {
      table =
          files
              .filter(path -> path.toString().endsWith(".sst"))
              .max(Comparator.naturalOrder())
              .orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(table);
    bytes[4] ^= 1;
    Files.write(table, bytes);
    return table;
  }

  private List<Path> setAside() {
    try (Stream<Path> entries = Files.list(directory.resolve("gen-1/snapshot"))) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith(SnapshotStore.DAMAGED))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void replaceLogByAnEmptyOne(History history) throws IOException {
    Path log = directory.resolve("gen-1/log");
    try (Stream<Path> files = Files.walk(log)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).collect(Collectors.toList())) {
        Files.delete(file);
      }
    }
    ReplicationLog.create(logConfig(log), LogListener.none(), 0, history, 0).close();
  }

  @Test
  void shouldSetALogAsideThatEndsBeforeTheCheckpoint() throws Exception {
    History before;
    try (Node node = start(false)) {
      node.append("S 2\na=1\n");
      node.snapshot();
      before = node.recovered.history();
    }
    // As a disk that lost the log's files and kept the checkpoint.
    replaceLogByAnEmptyOne(before);
    try (Node node = start(false)) {
      assertEquals(Map.of("2:a", "1"), node.keyspace().map);
      assertEquals(8, node.log().startOffset());
      assertEquals(8, node.log().endOffset());
      assertEquals(
          List.of(new History.Ancestor(before.currentId(), 8)), node.recovered.history().lineage());
      node.append("b=2\n");
    }
    try (Node node = start(false)) {
      assertEquals(Map.of("2:a", "1", "2:b", "2"), node.keyspace().map);
    }
    try (Stream<Path> entries = Files.list(directory.resolve("gen-1"))) {
      assertEquals(1, entries.filter(path -> path.toString().contains("log-ends-at-0")).count());
    }
  }

  @Test
  void shouldSayWhereTheLogCannotBeApplied() {
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      node.append("what\n");
    }
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains("no command: what"), e.getMessage());
    assertTrue(e.getMessage().contains("offset"), e.getMessage());
  }

  @Test
  void shouldRefuseALogThatEndsInsideACommand() {
    try (Node node = start(false)) {
      node.append("S 0\na=1\nhalf");
    }
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(
        e.getMessage().contains("ends at 12 inside a command that starts at 8"), e.getMessage());
  }

  @Test
  void shouldRefuseADirectoryThatLostItsCurrent() throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
    }
    Files.delete(directory.resolve("CURRENT"));
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains("has data in gen-1 but no file CURRENT"), e.getMessage());
  }

  @Test
  void shouldRefuseALiveGenerationWithoutALogAndSayWhatHelps() throws Exception {
    Path log;
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      node.snapshot();
      log = node.recovered.generation().log();
    }
    Path elsewhere = Files.move(log, log.resolveSibling("elsewhere"));
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().startsWith("there is no log in " + log + ", and "), e.getMessage());
    assertTrue(e.getMessage().contains("put it back where it was"), e.getMessage());
    assertTrue(e.getMessage().contains("`bin/chronolith check " + directory), e.getMessage());
    assertTrue(e.getMessage().contains("`bin/chronolith restore BACKUP"), e.getMessage());
    Files.move(elsewhere, log);
    start(false).close();
  }

  @Test
  void shouldNameTheFileOfTheLogThatCannotBeRead() throws Exception {
    Path forced;
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      forced = node.recovered.generation().log().resolve("forced");
    }
    Files.delete(forced);
    Files.createDirectory(forced);
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains(": " + forced + ": Is a directory. "), e.getMessage());
  }

  @Test
  void shouldStartFromTheLogAloneWhenTheSnapshotsAreGone() throws Exception {
    Path snapshots;
    try (Node node = start(false)) {
      node.append("S 0\na=1\n");
      snapshots = node.recovered.generation().snapshots();
      node.snapshot();
    }
    Files.move(snapshots, snapshots.resolveSibling("elsewhere"));
    try (Node node = start(false)) {
      assertEquals(Map.of("0:a", "1"), node.keyspace().map);
    }
  }

  @Test
  void shouldStartOverWhenTheFirstStartWasCutShort() throws Exception {
    try (DataDirectory data = DataDirectory.open(directory)) {
      Generation cutShort = data.newGeneration();
      Files.createDirectory(cutShort.log().resolve("segment-0000000001"));
    }
    try (Node node = start(false)) {
      assertEquals("gen-1", node.recovered.generation().toString());
      assertEquals(0, node.log().endOffset());
    }
    assertFalse(Files.exists(directory.resolve("gen-1/BUILDING")));
  }

  @Test
  void shouldStartOverWhenTheFirstStartMadeAnEmptyDirectory() throws Exception {
    Files.createDirectory(directory.resolve("gen-1"));
    try (Node node = start(false)) {
      assertEquals("gen-1", node.recovered.generation().toString());
    }
  }

  @Test
  void shouldBuildAGenerationFromReceivedFilesAndSwitchToIt(@TempDir Path elsewhere)
      throws Exception {
    String mastersId = History.randomId();
    try (Node node = start(false)) {
      node.append("S 0\nold=1\n");
    }
    Path home = directory;
    directory = elsewhere;
    try (Node master = start(false);
        DataDirectory data = DataDirectory.open(home)) {
      master.append("S 7\na=1\nb=2\n");
      Checkpoint sent = master.snapshot();
      Generation generation = data.newGeneration();
      copy(sent, generation.incoming());
      LineKeyspace received = new LineKeyspace();
      Recovered recovered =
          new Recovery(data, settings(new Completions()))
              .fullSync(generation, received, mastersId, true, new Cancellation());
      assertEquals(Map.of("7:a", "1", "7:b", "2"), received.map);
      assertEquals(sent.offset(), recovered.log().startOffset());
      // The checkpoint was made under an id that the master has had before.
      assertEquals(
          master.recovered.history().withId(mastersId, sent.offset()), recovered.history());
      assertEquals("gen-2", data.current().orElseThrow().toString());
      recovered.close();
    }
    directory = home;
    try (Node node = start(true)) {
      assertEquals(Map.of("7:a", "1", "7:b", "2"), node.keyspace().map);
      assertFalse(Files.exists(home.resolve("gen-1")));
    }
  }

  @Test
  void shouldKeepTheLiveGenerationWhenAFullSyncIsDamaged(@TempDir Path elsewhere) throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\nold=1\n");
    }
    Path home = directory;
    directory = elsewhere;
    try (Node master = start(false);
        DataDirectory data = DataDirectory.open(home)) {
      master.append("S 7\na=1\n");
      Checkpoint sent = master.snapshot();
      Generation generation = data.newGeneration();
      copy(sent, generation.incoming());
      Files.write(generation.incoming().resolve("CURRENT"), new byte[] {'x'});
      Recovery recovery = new Recovery(data, settings(new Completions()));
      RecoveryException e =
          assertThrows(
              RecoveryException.class,
              () ->
                  recovery.fullSync(
                      generation,
                      new LineKeyspace(),
                      History.randomId(),
                      false,
                      new Cancellation()));
      assertTrue(e.getMessage().contains("CURRENT: has 1 bytes"), e.getMessage());
      assertFalse(Files.exists(generation.directory()));
      assertEquals("gen-1", data.current().orElseThrow().toString());
    }
  }

  @Test
  void shouldNotStartWhereAToolWasKilledThatMadeTheDirectory() throws Exception {
    try (DataDirectory made = DataDirectory.open(directory)) {
      made.unfinished();
    }
    RecoveryException e = assertThrows(RecoveryException.class, () -> start(false));
    assertTrue(e.getMessage().contains("has not come to its end"), e.getMessage());
    try (DataDirectory made = DataDirectory.open(directory)) {
      made.finished();
    }
    start(false).close();
  }

  /** For want of memory, or since nobody waits for it any more. */
  @Test
  void shouldLeaveNothingOfAFullSyncThatEndsInTheMiddle(@TempDir Path elsewhere) throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\nold=1\n");
    }
    Path home = directory;
    directory = elsewhere;
    Cancellation cancellation = new Cancellation();
    List<Runnable> ends =
        List.of(
            () -> {
              throw new OutOfMemoryError("Direct buffer memory");
            },
            () -> assertTrue(cancellation.cancel()));
    List<String> reasons = List.of("Direct buffer memory", "it is not wanted any more");
    try (Node master = start(false);
        DataDirectory data = DataDirectory.open(home)) {
      master.append("S 7\na=1\nb=2\n");
      Checkpoint sent = master.snapshot();
      Recovery recovery = new Recovery(data, settings(new Completions()));
      for (int way = 0; way < ends.size(); way++) {
        Generation generation = data.newGeneration();
        copy(sent, generation.incoming());
        Runnable end = ends.get(way);
        LineKeyspace target = new LineKeyspace(end);
        RecoveryException e =
            assertThrows(
                RecoveryException.class,
                () ->
                    recovery.fullSync(generation, target, History.randomId(), true, cancellation));
        assertTrue(e.getMessage().endsWith(reasons.get(way)), e.getMessage());
        assertTrue(target.map.size() < 2, "it ends at once");
        assertFalse(Files.exists(generation.directory()));
      }
      assertEquals("gen-1", data.current().orElseThrow().toString());
    }
  }

  @Test
  void shouldEndTheProcessWhenTheSwitchOfAFullSyncFailsHalfWay(@TempDir Path elsewhere)
      throws Exception {
    try (Node node = start(false)) {
      node.append("S 0\nold=1\n");
    }
    Path home = directory;
    directory = elsewhere;
    DirectoryDisk failing =
        new DirectoryDisk() {
          @Override
          public void rename(Path from, Path to) throws IOException {
            DirectoryDisk.super.rename(from, to);
            throw new IOException("no more disk");
          }
        };
    try (Node master = start(false);
        DataDirectory data = DataDirectory.open(home, failing)) {
      master.append("S 7\na=1\n");
      Checkpoint sent = master.snapshot();
      Generation generation = data.newGeneration();
      copy(sent, generation.incoming());
      Recovery recovery = new Recovery(data, settings(new Completions()));
      assertThrows(
          SwitchedException.class,
          () ->
              recovery.fullSync(
                  generation, new LineKeyspace(), History.randomId(), true, new Cancellation()));
      assertEquals("gen-2", data.current().orElseThrow().toString());
    }
    directory = home;
    try (Node node = start(true)) {
      assertEquals(Map.of("7:a", "1"), node.keyspace().map);
    }
  }

  private static void copy(Checkpoint sent, Path incoming) throws IOException {
    Files.createDirectory(incoming);
    try (Stream<Path> files = Files.list(sent.directory())) {
      for (Path file : files.collect(Collectors.toList())) {
        Files.copy(file, incoming.resolve(file.getFileName()));
      }
    }
  }

  private Path checkpoint() throws IOException {
    try (Stream<Path> entries = Files.list(directory.resolve("gen-1/snapshot"))) {
      return entries
          .filter(path -> path.getFileName().toString().startsWith("checkpoint-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private LineKeyspace nextKeyspace() {
    keyspace = new LineKeyspace();
    return keyspace;
  }

  private Node start(boolean replica) {
    return start(replica, 0);
  }

  private Node start(boolean replica, long claimedOffset) {
    DataDirectory data = DataDirectory.open(directory);
    try {
      Completions completions = new Completions();
      Recovery recovery = new Recovery(data, settings(completions));
      Recovered recovered = recovery.start(this::nextKeyspace, replica, claimedOffset);
      recovered.log().adopt();
      return new Node(data, recovered, recovery.progress(), keyspace, completions);
    } catch (RuntimeException e) {
      data.close();
      throw e;
    }
  }

  private static Recovery.Settings settings(SnapshotListener listener) {
    return new Recovery.Settings(
        RecoveryTest::logConfig,
        LogStore.SYSTEM,
        log -> LogListener.none(),
        at -> SnapshotConfig.defaults(at).withOlderCheckpoints(() -> 2),
        listener);
  }

  private static LogConfig logConfig(Path path) {
    return LogConfig.of(path)
        .withBlocks(MIB, 64 * 1024)
        .withSegmentBytes(MIB)
        .withHeadroom(4 * MIB, MIB, 0)
        .withRetention(1, 0);
  }

  private static void await(java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "within 20 s");
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  /** A started node; closing it without {@link #markClean} is an unclean stop. */
  private record Node(
      DataDirectory data,
      Recovered recovered,
      LoadProgress progress,
      LineKeyspace keyspace,
      Completions completions)
      implements AutoCloseable {

    ReplicationLog log() {
      return recovered.log();
    }

    void append(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      ByteBuf buffer = Unpooled.directBuffer().writeBytes(bytes);
      try {
        await(() -> log().canAppend(bytes.length));
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      log().append(buffer, 0, bytes.length, keyspace.db(), System.currentTimeMillis());
      try {
        keyspace.apply(buffer);
      } catch (IllegalStateException e) {
        assertTrue(e.getMessage().startsWith("no command"), e.getMessage());
      }
      buffer.release();
    }

    void markClean() {
      log().markClean(keyspace.db(), System.currentTimeMillis());
      data.stoppedAsMaster(log().history().currentId(), log().endOffset());
    }

    void markCleanAsReplica() {
      log().markClean(keyspace.db(), System.currentTimeMillis());
    }

    Checkpoint snapshot() throws InterruptedException {
      log().sync();
      completions.last = null;
      SnapshotStore store = recovered.snapshots();
      SnapshotSession session = store.begin();
      assertTrue(session.offer(keyspace.batch()));
      History history = recovered.history();
      assertTrue(
          session.finish(
              new SnapshotMeta(
                  log().endOffset(),
                  history.currentId(),
                  keyspace.db(),
                  1,
                  keyspace.map.size(),
                  HistoryAttributes.of(history))));
      await(() -> completions.last != null);
      return completions.last;
    }

    @Override
    public void close() {
      recovered.close();
      data.close();
    }
  }

  private static final class Completions implements SnapshotListener {
    private final List<String> damaged = new ArrayList<>();
    private volatile Checkpoint last;

    @Override
    public void damaged(String problem) {
      damaged.add(problem);
    }

    @Override
    public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {
      last = checkpoint;
    }

    @Override
    public void failed(SnapshotSession session, EngineException cause) {
      throw new AssertionError(cause);
    }

    @Override
    public void ignored(Path path, String reason) {
      assertTrue(reason.contains("META"), reason);
    }

    @Override
    public void notRemoved(Path path, String reason) {
      throw new AssertionError(path + ": " + reason);
    }
  }
}
