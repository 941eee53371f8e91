package org.chronolith.engine.snapshot;

import static org.chronolith.engine.snapshot.SnapshotFixture.config;
import static org.chronolith.engine.snapshot.SnapshotFixture.items;
import static org.chronolith.engine.snapshot.SnapshotFixture.meta;
import static org.chronolith.engine.snapshot.SnapshotFixture.snapshot;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotStoreTest {
  @TempDir Path directory;
  private final RecordingListener listener = new RecordingListener();

  @Test
  void shouldStartWithoutACheckpoint() {
    try (SnapshotStore store = open()) {
      assertTrue(store.newest().isEmpty());
      assertFalse(store.needsFull());
      assertEquals(List.of(), listener.ignored);
    }
  }

  @Test
  void shouldReadBackWhatASessionBrought() {
    SnapshotMeta meta =
        new SnapshotMeta(
            500, SnapshotFixture.ID, 2, 12, 3, new TreeMap<>(Map.of("lineage", "x 5\ny 6")));
    String longKey = "k".repeat(200_000);
    try (SnapshotStore store = open()) {
      SnapshotSession session = store.begin();
      assertFalse(session.full());
      assertTrue(session.offer(Batches.direct().put("b", "2").put("a", "1").put("z", "").build()));
      assertTrue(session.offer(Batches.heap().put(longKey, "v".repeat(300_000)).build()));
      assertTrue(
          session.offer(Batches.direct().put("gone", "x").delete("gone").delete("absent").build()));
      assertTrue(session.finish(meta));
      Checkpoint checkpoint = listener.awaitCompleted().checkpoint();
      assertEquals(SnapshotSession.State.COMPLETE, session.state());
      assertEquals(3, session.batchesTaken());
      assertEquals(session.bytesTaken(), session.bytesWritten());
      assertEquals(meta, checkpoint.meta());
      assertEquals("checkpoint-500", checkpoint.toString());
    }
    try (SnapshotStore store = open()) {
      Checkpoint newest = store.newest().orElseThrow();
      assertEquals(meta, newest.meta());
      store.verify(newest);
      assertEquals(Map.of("a", "1", "b", "2", "z", "", longKey, "v".repeat(300_000)), items(store));
      assertEquals(List.of(), listener.ignored);
    }
  }

  @Test
  void shouldGiveItemsInOrderOfUnsignedBytes() {
    try (SnapshotStore store = open()) {
      Batches batch = Batches.direct();
      batch.put(new byte[] {(byte) 0xff}, new byte[] {3});
      batch.put(new byte[] {0x7f, 0}, new byte[] {2});
      batch.put(new byte[] {0x7f}, new byte[] {1});
      snapshot(store, listener, 1, batch.build());
      StringBuilder order = new StringBuilder();
      store.load(store.newest().orElseThrow(), (key, value) -> order.append(value.getByte(0)));
      assertEquals("123", order.toString());
    }
  }

  @Test
  void shouldApplyRangeDeletesInTheOrderTheyCame() {
    try (SnapshotStore store = open()) {
      snapshot(
          store,
          listener,
          1,
          Batches.direct().put("c1", "old").put("c2", "old").put("d", "d").build());
      snapshot(
          store,
          listener,
          2,
          Batches.direct().put("c3", "lost").deleteRange("c", "d").put("c2", "new").build());
      assertEquals(Map.of("c2", "new", "d", "d"), items(store));
    }
  }

  @Test
  void shouldWriteOnlyWhatChangedAlsoAfterARestart() {
    byte[] value = new byte[100];
    Random random = new Random(1);
    Batches all = Batches.direct();
    for (int i = 0; i < 5_000; i++) {
      random.nextBytes(value);
      all.put(String.format("key:%06d", i).getBytes(StandardCharsets.UTF_8), value);
    }
    long first;
    try (SnapshotStore store = open()) {
      first = snapshot(store, listener, 1, all.build()).newBytes();
      assertTrue(first > 500_000, "first wrote " + first);
      long second =
          snapshot(store, listener, 2, Batches.direct().put("key:000007", "x").build()).newBytes();
      assertTrue(second < 20_000, "second wrote " + second);
    }
    try (SnapshotStore store = open()) {
      long third =
          snapshot(store, listener, 3, Batches.direct().delete("key:000008").build()).newBytes();
      assertTrue(third < 25_000, "third, after a restart, wrote " + third);
      SortedMap<String, String> items = items(store);
      assertEquals(4_999, items.size());
      assertEquals("x", items.get("key:000007"));
    }
  }

  @Test
  void shouldKeepWhatAnAbortedSessionTookForTheNextOne() {
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 1, Batches.direct().put("a", "1").build());
      SnapshotSession aborted = store.begin();
      assertTrue(aborted.offer(Batches.direct().put("b", "2").build()));
      assertTrue(aborted.abort("the walk was too slow"));
      assertEquals(SnapshotSession.State.ABORTED, aborted.state());
      assertEquals("the walk was too slow", aborted.reason());
      assertFalse(aborted.finish(meta(2)));
      ByteBuf late = Batches.direct().put("late", "x").build();
      assertFalse(aborted.offer(late));
      late.release();
      assertEquals(Map.of("a", "1"), items(store));
      snapshot(store, listener, 3, Batches.direct().put("c", "3").build());
      assertEquals(Map.of("a", "1", "b", "2", "c", "3"), items(store));
    }
  }

  @Test
  void shouldForgetAnAbortedSessionOverARestart() {
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 1, Batches.direct().put("a", "1").build());
      SnapshotSession aborted = store.begin();
      assertTrue(aborted.offer(Batches.direct().put("b", "2").build()));
      assertTrue(aborted.abort("shutdown"));
    }
    try (SnapshotStore store = open()) {
      assertEquals(Map.of("a", "1"), items(store));
      snapshot(store, listener, 2, Batches.direct().put("c", "3").build());
      assertEquals(Map.of("a", "1", "c", "3"), items(store));
    }
  }

  @Test
  void shouldRefuseBatchesBeyondItsBoundsAndTakeThemLater() throws Exception {
    CountDownLatch opened = new CountDownLatch(1);
    SnapshotDisk slow =
        new FaultyDisk() {
          @Override
          void before(String step, Path path) throws IOException {
            if (step.equals("remove") && path.endsWith("working")) {
              SnapshotStoreTest.await(opened);
            }
          }
        };
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, slow)) {
      SnapshotSession session = store.begin();
      for (int i = 0; i < 8; i++) {
        assertTrue(session.offer(Batches.direct().put("k" + i, "v").build()), "batch " + i);
      }
      ByteBuf ninth = Batches.direct().put("k8", "v").build();
      assertFalse(session.offer(ninth));
      assertEquals(1, ninth.refCnt());
      opened.countDown();
      await("room in the queue", () -> session.offer(ninth));
      assertTrue(session.finish(meta(1)));
      listener.awaitCompleted();
      assertEquals(9, items(store).size());
    }
  }

  @Test
  void shouldBoundTheBytesThatWait() throws Exception {
    CountDownLatch opened = new CountDownLatch(1);
    SnapshotDisk slow =
        new FaultyDisk() {
          @Override
          void before(String step, Path path) throws IOException {
            if (step.equals("remove") && path.endsWith("working")) {
              SnapshotStoreTest.await(opened);
            }
          }
        };
    String large = "v".repeat(2 << 20);
    try (SnapshotStore store = SnapshotStore.open(config(directory), listener, slow)) {
      SnapshotSession session = store.begin();
      assertTrue(session.offer(Batches.direct().put("large", large).build()));
      ByteBuf second = Batches.direct().put("small", "v").build();
      assertFalse(session.offer(second));
      opened.countDown();
      await("room in the queue", () -> session.offer(second));
      assertTrue(session.finish(meta(1)));
      listener.awaitCompleted();
      assertEquals(Map.of("large", large, "small", "v"), items(store));
    }
  }

  @Test
  void shouldKeepARetainedCheckpointUntilItsRelease() throws Exception {
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 1, Batches.direct().put("a", "1").build());
      Checkpoint first = store.retainNewest().orElseThrow();
      Checkpoint second =
          snapshot(store, listener, 2, Batches.direct().put("a", "2").build()).checkpoint();
      Checkpoint third =
          snapshot(store, listener, 3, Batches.direct().put("a", "3").build()).checkpoint();
      await("the second is removed", () -> !Files.exists(second.directory()));
      assertFalse(second.retain());
      assertThrows(IllegalStateException.class, () -> store.read(second));
      assertEquals(Map.of("a", "1"), items(store, first));
      assertEquals(third, store.newest().orElseThrow());
      first.release();
      await("the first is removed", () -> !Files.exists(first.directory()));
      assertThrows(IllegalStateException.class, first::release);
    }
  }

  @Test
  void shouldKeepAsManyOlderCheckpointsAsAreWantedAlsoOverARestart() throws Exception {
    SnapshotConfig two = config(directory).withOlderCheckpoints(() -> 2);
    try (SnapshotStore store = SnapshotStore.open(two, listener)) {
      for (int offset = 10; offset <= 40; offset += 10) {
        snapshot(store, listener, offset, Batches.direct().put("a", "at " + offset).build());
      }
      await("the first is removed", () -> !Files.exists(directory.resolve("checkpoint-10")));
      assertEquals(Optional.empty(), store.retainAtOrBefore(19));
    }
    try (SnapshotStore store = SnapshotStore.open(two, listener)) {
      assertEquals(40, store.newest().orElseThrow().offset());
      Checkpoint older = store.retainAtOrBefore(39).orElseThrow();
      assertEquals(Map.of("a", "at 30"), items(store, older));
      store.dropOlder(30);
      await("what is below is removed", () -> !Files.exists(directory.resolve("checkpoint-20")));
      assertEquals(Optional.empty(), store.retainAtOrBefore(29));
      store.dropOlder(Long.MAX_VALUE);
      assertEquals(Map.of("a", "at 30"), items(store, older), "retained");
      older.release();
      await("nobody retains it", () -> !Files.exists(directory.resolve("checkpoint-30")));
      assertEquals(40, store.retainAtOrBefore(40).orElseThrow().offset());
    }
  }

  @Test
  void shouldReadOneCheckpointFromSeveralThreadsWhileAnotherIsMade() throws Exception {
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 1, Batches.direct().put("a", "1").put("b", "2").build());
      Checkpoint first = store.newest().orElseThrow();
      try (CheckpointReader one = store.read(first);
          CheckpointReader other = store.read(first)) {
        assertTrue(one.next());
        snapshot(store, listener, 2, Batches.direct().deleteRange("a", "z").build());
        assertTrue(one.next());
        assertEquals("b", one.key().toString(StandardCharsets.UTF_8));
        assertFalse(one.next());
        assertTrue(other.next());
        assertEquals("1", other.value().toString(StandardCharsets.UTF_8));
      }
      await("the first is removed", () -> !Files.exists(first.directory()));
      assertEquals(Map.of(), items(store));
    }
  }

  @Test
  void shouldMakeTwoCheckpointsAtOneOffset() {
    try (SnapshotStore store = open()) {
      snapshot(store, listener, 7, Batches.direct().put("a", "1").build());
      Checkpoint again =
          snapshot(store, listener, 7, Batches.direct().put("a", "1").build()).checkpoint();
      assertEquals("checkpoint-7.1", again.toString());
    }
    try (SnapshotStore store = open()) {
      assertEquals("checkpoint-7.1", store.newest().orElseThrow().toString());
    }
  }

  @Test
  void shouldInstallACheckpointFromElsewhereAndGoOnFromIt(@TempDir Path elsewhere)
      throws Exception {
    try (SnapshotStore origin = SnapshotStore.open(config(elsewhere), listener);
        SnapshotStore store = open()) {
      snapshot(origin, listener, 90, Batches.direct().put("a", "1").put("b", "2").build());
      snapshot(store, listener, 5, Batches.direct().put("mine", "0").build());
      Path incoming = Files.createDirectory(directory.resolve(SnapshotStore.INCOMING));
      Checkpoint sent = origin.newest().orElseThrow();
      for (CheckpointFile file : sent.files()) {
        Files.copy(sent.directory().resolve(file.name()), incoming.resolve(file.name()));
      }
      Files.write(incoming.resolve(MetaFile.NAME), sent.metaBytes());
      Checkpoint installed = store.install(incoming);
      assertEquals(sent.meta(), installed.meta());
      assertFalse(Files.exists(incoming));
      snapshot(store, listener, 91, Batches.direct().delete("a").put("c", "3").build());
      assertEquals(Map.of("b", "2", "c", "3"), items(store));
    }
  }

  @Test
  void shouldLeaveNothingBehindButTheNewestCheckpoint() throws Exception {
    try (SnapshotStore store = open()) {
      for (int i = 1; i <= 4; i++) {
        snapshot(store, listener, i, Batches.direct().put("a", "" + i).build());
      }
    }
    try (Stream<Path> entries = Files.list(directory)) {
      assertEquals(
          "[checkpoint-4, rocksdb-log, working]",
          entries
              .map(path -> path.getFileName().toString())
              .sorted()
              .collect(Collectors.toList())
              .toString());
    }
  }

  private SnapshotStore open() {
    return SnapshotStore.open(config(directory), listener);
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void await(String what, java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    SnapshotFixture.await(what, condition);
  }
}
