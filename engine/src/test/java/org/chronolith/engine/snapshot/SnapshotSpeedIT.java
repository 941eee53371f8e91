package org.chronolith.engine.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How fast a million items of 100 bytes go in and come out; prints what it measured. */
@Tag("slow")
class SnapshotSpeedIT {
  private static final int ITEMS = 1_000_000;
  private static final int BATCH_BYTES = 64 * 1024;
  private static final int VALUE_BYTES = 100;

  @TempDir Path directory;
  private final RecordingListener listener = new RecordingListener();
  private final byte[] value = new byte[VALUE_BYTES];
  private final SplittableRandom random = new SplittableRandom(1);

  @Test
  void shouldWriteAndLoadAMillionItemsInSeconds() throws Exception {
    try (SnapshotStore store = SnapshotStore.open(SnapshotConfig.defaults(directory), listener)) {
      long started = System.nanoTime();
      report("first", snapshot(store, 1, 0, ITEMS), started);
      started = System.nanoTime();
      report("tenth changed", snapshot(store, 2, 0, ITEMS / 10), started);

      started = System.nanoTime();
      long[] bytes = {0};
      long items =
          store.load(
              store.newest().orElseThrow(),
              (key, value) -> bytes[0] += key.readableBytes() + value.readableBytes());
      long loadMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
      System.out.printf("load: %d items, %d bytes, %d ms%n", items, bytes[0], loadMs);
      assertEquals(ITEMS, items);
      assertEquals(ITEMS * (VALUE_BYTES + 16L), bytes[0]);
      assertTrue(loadMs < 10_000, "load took " + loadMs + " ms");
    }
  }

  private static void report(String what, RecordingListener.Outcome outcome, long startedNanos) {
    System.out.printf(
        "%s: %d ms, process CPU so far %d ms, %d new bytes of %d%n",
        what,
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos),
        ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis(),
        outcome.newBytes(),
        outcome.checkpoint().totalBytes());
  }

  private RecordingListener.Outcome snapshot(SnapshotStore store, long offset, int from, int to)
      throws InterruptedException {
    SnapshotSession session = store.begin();
    for (int item = from; item < to; ) {
      ByteBuf batch = ByteBufAllocator.DEFAULT.directBuffer(BATCH_BYTES + 256);
      while (item < to && batch.readableBytes() < BATCH_BYTES) {
        put(batch, item++);
      }
      while (!session.offer(batch)) {
        TimeUnit.MICROSECONDS.sleep(100);
      }
    }
    assertTrue(session.finish(SnapshotFixture.meta(offset)));
    return listener.awaitCompleted();
  }

  /** Keys come in the order of a hash table: none. */
  private void put(ByteBuf batch, int item) {
    random.nextBytes(value);
    batch.writeByte(BatchSink.PUT).writeInt(16);
    batch.writeLong(item * 0x9E3779B97F4A7C15L).writeLong(item);
    batch.writeInt(VALUE_BYTES).writeBytes(value);
  }
}
