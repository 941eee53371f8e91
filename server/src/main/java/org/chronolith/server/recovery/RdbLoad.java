package org.chronolith.server.recovery;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.engine.rdb.RdbContents;
import org.chronolith.engine.rdb.RdbListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a generation of an RDB: the keyspace from its bytes as they arrive, then a checkpoint of
 * the whole, then a log that starts at the checkpoint's offset, then the switch. In this order,
 * since an RDB is not kept: a start after the switch needs a checkpoint below the log.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
final class RdbLoad {
  private static final Logger LOG = LoggerFactory.getLogger(RdbLoad.class);
  private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final DataDirectory data;
  private final Recovery.Settings settings;
  private final LoadProgress progress;
  private final Generation generation;

  RdbLoad(
      DataDirectory data,
      Recovery.Settings settings,
      LoadProgress progress,
      Generation generation) {
    this.data = data;
    this.settings = settings;
    this.progress = progress;
    this.generation = generation;
  }

  Recovered run(RdbSource rdb, FullSyncTarget target, Cancellation cancellation) {
    long startedNanos = System.nanoTime();
    SnapshotStore store = null;
    ReplicationLog log = null;
    try {
      progress.start(System.currentTimeMillis(), Math.max(0, rdb.totalBytes()));
      RdbContents contents =
          target.readRdb(
              rdb.channel(), rdb.totalBytes(), new Progress(rdb.listener(), cancellation));
      progress.keys(contents.keys());
      target.select(contents.streamDb());
      store = settings.openSnapshots(generation);
      snapshot(store, rdb, contents, target.snapshotSource(), cancellation);
      log = settings.createLog(generation.log(), rdb.offset(), rdb.history(), contents.streamDb());
      Recovery.refuseFailed(log);
      data.begins(generation, rdb.offset(), contents.keys());
      cancellation.commit();
      data.switchTo(generation);
      progress.end();
      return new Recovered(
          generation,
          store,
          log,
          contents.streamDb(),
          contents.keys(),
          0,
          0,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
    } catch (SwitchedException e) {
      closeAfter(e, store, log);
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      progress.end();
      closeAfter(e, store, log);
      data.remove(generation);
      throw new RecoveryException(e.getMessage(), e);
    }
  }

  /** Closing may fail for the same reason, which must hide nothing and keep nothing from going. */
  static void closeAfter(Throwable cause, SnapshotStore store, ReplicationLog log) {
    try (store) {
      if (log != null) {
        log.close();
      }
    } catch (RuntimeException | Error closing) {
      cause.addSuppressed(closing);
    }
  }

  private static void snapshot(
      SnapshotStore store,
      RdbSource rdb,
      RdbContents contents,
      SnapshotSource source,
      Cancellation cancellation) {
    while (!source.prepare(SLICE_NANOS)) {
      LockSupport.parkNanos(POLL_NANOS);
    }
    SnapshotSession session = store.begin();
    source.begin(session, session.full());
    for (SnapshotSource.Step step = source.step(SLICE_NANOS);
        step != SnapshotSource.Step.DONE;
        step = source.step(SLICE_NANOS)) {
      cancellation.check();
      if (session.state().isFinal()) {
        throw new RecoveryException("its checkpoint failed: " + session.reason());
      }
      if (step == SnapshotSource.Step.GAVE_WAY) {
        throw new RecoveryException("its checkpoint failed: " + source.reason());
      }
      if (step == SnapshotSource.Step.BLOCKED) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
    session.finish(
        new SnapshotMeta(
            rdb.offset(),
            rdb.history().currentId(),
            contents.streamDb(),
            System.currentTimeMillis(),
            source.keys(),
            HistoryAttributes.of(rdb.history())));
    while (!session.state().isFinal()) {
      LockSupport.parkNanos(POLL_NANOS);
    }
    if (session.state() != SnapshotSession.State.COMPLETE) {
      throw new RecoveryException("its checkpoint failed: " + session.reason());
    }
  }

  /** Tells the listener, and INFO. */
  private final class Progress implements RdbListener {
    private final RdbListener listener;
    private final Cancellation cancellation;
    private long toldBytes;

    Progress(RdbListener listener, Cancellation cancellation) {
      this.listener = listener;
      this.cancellation = cancellation;
    }

    @Override
    public void skipped(String what) {
      LOG.warn("RDB: skipped {}", what);
      listener.skipped(what);
    }

    @Override
    public void progress(long keys, long bytes) {
      cancellation.check();
      progress.add(bytes - toldBytes, keys - progress.items());
      toldBytes = bytes;
      listener.progress(keys, bytes);
    }
  }
}
