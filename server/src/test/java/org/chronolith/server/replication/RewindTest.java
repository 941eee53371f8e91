package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.recovery.RecoveryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a rewind goes back to, and what it holds of the log meanwhile. */
class RewindTest {
  private static final long BASE = 300;

  @TempDir Path directory;

  @Test
  void shouldHoldAllOfTheLog() throws InterruptedException {
    Snapshots snapshots = new Snapshots();
    History history = History.fresh();
    try (ReplicationLog log =
            ReplicationLog.create(
                LogConfig.of(directory.resolve("log")), LogListener.none(), 0, history, 0);
        SnapshotStore store =
            SnapshotStore.open(SnapshotConfig.defaults(directory.resolve("snapshot")), snapshots)) {
      append(log, 1000);
      assertEquals(0, plan(store, log, 500).neededOffset(), "the empty state");
      SnapshotSession session = store.begin();
      session.finish(new SnapshotMeta(BASE, history.currentId(), 0, 1, 0, new TreeMap<>()));
      snapshots.completed.await();
      assertEquals(0, plan(store, log, 500).neededOffset(), "what is before the checkpoint, too");
      assertEquals(0, plan(store, log, BASE - 1).neededOffset());
      assertEquals(0, plan(store, log, BASE).neededOffset());
    }
  }

  @Test
  void shouldNeedNothingOfTheLogForWhatIsReceived() {
    Receiving received = () -> true;
    assertEquals(Long.MAX_VALUE, received.neededOffset());
  }

  @Test
  void shouldTryAgainOnlyWhatMayPass() {
    assertTrue(mayPass(new FileSystemException("f", null, "Too many open files")));
    assertTrue(mayPass(new UncheckedIOException(new IOException("Input/output error"))));
    assertTrue(mayPass(new EngineException(EngineException.Severity.NO_SPACE, "full")));
    assertTrue(mayPass(new LogException(LogException.Kind.NO_SPACE, "full")));
    assertTrue(Rewind.mayPass(new OutOfMemoryError("Cannot reserve direct buffer memory")));
    assertFalse(mayPass(new IllegalStateException("no command ends there")));
    assertFalse(
        mayPass(
            new EngineException(
                EngineException.Severity.CORRUPTION, "damaged", new IOException("Bad message"))));
    assertFalse(mayPass(new LogException(LogException.Kind.DAMAGED, "damaged")));
    assertFalse(mayPass(new LogException(LogException.Kind.TRIMMED, "trimmed")));
  }

  private static boolean mayPass(Exception cause) {
    return Rewind.mayPass(new RecoveryException("going back to 1 failed", cause));
  }

  private static void append(ReplicationLog log, int bytes) {
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!log.canAppend(bytes)) {
      assertTrue(System.nanoTime() < deadline, "no space is reserved");
      Thread.onSpinWait();
    }
    ByteBuf buffer = Unpooled.directBuffer(bytes).writeZero(bytes);
    log.append(buffer, 0, bytes, 0, 1);
    buffer.release();
  }

  private static Rewind plan(SnapshotStore store, ReplicationLog log, long divergence) {
    ReplicationHost host =
        (ReplicationHost)
            Proxy.newProxyInstance(
                ReplicationHost.class.getClassLoader(),
                new Class<?>[] {ReplicationHost.class},
                (proxy, method, arguments) -> {
                  assertEquals("snapshots", method.getName());
                  return store;
                });
    return Rewind.plan(host, log, divergence, null).orElseThrow();
  }

  private static final class Snapshots implements SnapshotListener {
    private final CountDownLatch completed = new CountDownLatch(1);

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
  }
}
