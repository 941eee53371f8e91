package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a million keys of 100 bytes cost a snapshot and a start; prints it. The times of the calling
 * thread are of its CPU, so that a busy machine does not blur them.
 */
@Tag("slow")
class RecoverySpeedIT {
  private static final int KEYS = 1_000_000;

  @TempDir Path directory;
  private final CountDownLatch completed = new CountDownLatch(1);

  @Test
  void shouldSaveAndLoadAMillionKeysInSeconds() throws Exception {
    SnapshotStore store = SnapshotStore.open(SnapshotConfig.defaults(directory), listener());
    try (store;
        CommandStream saved = new CommandStream();
        CommandStream loaded = new CommandStream()) {
      long startNanos = cpuNanos();
      apply(saved);
      print("stream applied", startNanos);

      startNanos = cpuNanos();
      long startedNanos = System.nanoTime();
      walk(saved, store);
      print("walked", startNanos);
      assertTrue(completed.await(60, TimeUnit.SECONDS));
      System.out.printf(
          "snapshot complete after %d ms%n",
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));

      startNanos = cpuNanos();
      KeyspaceTarget target = loaded.target();
      long items = store.load(store.newest().orElseThrow(), target::item);
      target.itemsEnd();
      print("loaded", startNanos);
      assertTrue(items >= KEYS);
      assertEquals(KEYS, loaded.dataset.keyspace().database(0).size());
      assertArrayEquals(saved.dataset.keyspace().digest(), loaded.dataset.keyspace().digest());
    }
  }

  private static void apply(CommandStream stream) {
    String value = "v".repeat(100);
    ByteBuf bytes = Unpooled.directBuffer(1 << 20);
    for (int i = 0; i < KEYS; ) {
      bytes.clear();
      for (int in = 0; in < 1_000; in++) {
        CommandStream.write(bytes, "SET", "key:" + i++, value);
      }
      stream.executor.apply(bytes);
    }
    bytes.release();
  }

  private static void walk(CommandStream stream, SnapshotStore store) {
    KeyspaceSource source = new KeyspaceSource(stream.dataset::keyspace);
    SnapshotSession session = store.begin();
    source.begin(session, session.full());
    for (SnapshotSource.Step step; (step = source.step(1_000_000)) != SnapshotSource.Step.DONE; ) {
      if (step == SnapshotSource.Step.BLOCKED) {
        LockSupport.parkNanos(100_000);
      }
    }
    SnapshotMeta meta =
        new SnapshotMeta(1, History.randomId(), 0, 1, source.keys(), new TreeMap<>());
    assertTrue(session.finish(meta));
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static void print(String what, long startNanos) {
    long nanos = cpuNanos() - startNanos;
    System.out.printf(
        "%s: %d ms of CPU, %d ns a key%n",
        what, TimeUnit.NANOSECONDS.toMillis(nanos), nanos / KEYS);
  }

  private SnapshotListener listener() {
    return new SnapshotListener() {
      @Override
      public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {
        completed.countDown();
      }

      @Override
      public void failed(SnapshotSession session, EngineException cause) {
        throw new AssertionError(cause);
      }

      @Override
      public void ignored(Path path, String reason) {
        throw new AssertionError(path + ": " + reason);
      }

      @Override
      public void notRemoved(Path path, String reason) {
        throw new AssertionError(path + ": " + reason);
      }
    };
  }
}
