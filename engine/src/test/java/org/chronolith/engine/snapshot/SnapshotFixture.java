package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A store in a temporary directory, and the short forms that its tests share. */
final class SnapshotFixture {
  static final String ID = "0123456789abcdef0123456789abcdef01234567";

  private SnapshotFixture() {}

  static SnapshotConfig config(Path directory) {
    return new SnapshotConfig(
        directory, 8, 1 << 20, 1 << 20, 64, 1, 0, () -> 0, SnapshotConfig.Compression.LZ4, () -> 0);
  }

  static SnapshotConfig keepingOlder(Path directory) {
    return config(directory).withOlderCheckpoints(() -> 2);
  }

  static SnapshotMeta meta(long offset) {
    return new SnapshotMeta(offset, ID, 3, 1_700_000_000_000L, 7, new TreeMap<>());
  }

  /** One session with one batch; returns when its checkpoint is complete. */
  static RecordingListener.Outcome snapshot(
      SnapshotStore store, RecordingListener listener, long offset, ByteBuf batch) {
    SnapshotSession session = store.begin();
    assertTrue(session.offer(batch));
    assertTrue(session.finish(meta(offset)));
    return listener.awaitCompleted();
  }

  static SortedMap<String, String> items(SnapshotStore store) {
    return items(store, store.newest().orElseThrow());
  }

  static SortedMap<String, String> items(SnapshotStore store, Checkpoint checkpoint) {
    SortedMap<String, String> items = new TreeMap<>();
    store.load(
        checkpoint,
        (key, value) ->
            items.put(
                key.toString(StandardCharsets.UTF_8), value.toString(StandardCharsets.UTF_8)));
    return items;
  }

  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "within 20 s: " + what);
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  static void flipByte(Path file, long at) throws java.io.IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) at] ^= 0x40;
    Files.write(file, bytes);
  }
}
