package org.chronolith.server;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.chronolith.engine.keyspace.CheckpointParts;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.rdb.RdbContents;
import org.chronolith.engine.rdb.RdbListener;
import org.chronolith.engine.rdb.RdbReader;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.network.LoopClock;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.Dataset;
import org.chronolith.server.command.Dispatcher;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.command.StreamExecutor;
import org.chronolith.server.commands.connection.ClientPause;
import org.chronolith.server.commands.pubsub.PubSubCommands;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.FullSyncTarget;
import org.chronolith.server.recovery.KeyspaceSource;
import org.chronolith.server.recovery.KeyspaceTarget;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.Recovery;
import org.chronolith.server.recovery.RecoveryTarget;
import org.chronolith.server.recovery.SnapshotDuty;
import org.chronolith.server.recovery.SnapshotSource;
import org.chronolith.server.recovery.SpaceFloor;
import org.chronolith.server.replication.ReplicationHost;
import org.chronolith.server.work.Workers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What replication sees of the node. Threads: as its interface says. */
final class NodeParts implements ReplicationHost {
  /** How much of a checkpoint is in memory while an RDB is made of it. */
  private static final long RDB_PART_BYTES = 16 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(NodeParts.class);
  private final Supplier<CommandTable> table;
  private final Supplier<CommandTable> streamTables;
  private final CommandRunner runner;
  private final Supplier<Dataset> newDataset;
  private final SnapshotDuty snapshotDuty;
  private final Supplier<DataDirectory> data;
  private final Supplier<Recovery> recovery;
  private final Supplier<SnapshotStore> snapshots;
  private final LongSupplier replicaLogBytes;
  private final SpaceFloor spaceFloor;
  private final ClientPause pause;
  private final BiConsumer<Recovered, Dataset> adoption;
  private final Dispatcher.FatalStop fatalStop;
  private final Supplier<PubSubCommands> pubSub;
  private final Workers workers;
  private final LoopClock clock;
  private CommandRunner applier;

  NodeParts(
      Supplier<CommandTable> table,
      Supplier<CommandTable> streamTables,
      CommandRunner runner,
      Supplier<Dataset> newDataset,
      SnapshotDuty snapshotDuty,
      Supplier<DataDirectory> data,
      Supplier<Recovery> recovery,
      Supplier<SnapshotStore> snapshots,
      LongSupplier replicaLogBytes,
      LongSupplier floorBytes,
      ClientPause pause,
      BiConsumer<Recovered, Dataset> adoption,
      Dispatcher.FatalStop fatalStop,
      Supplier<PubSubCommands> pubSub,
      Workers workers,
      LoopClock clock) {
    this.workers = workers;
    this.clock = clock;
    this.table = table;
    this.streamTables = streamTables;
    this.runner = runner;
    this.newDataset = newDataset;
    this.snapshotDuty = snapshotDuty;
    this.data = data;
    this.recovery = recovery;
    this.snapshots = snapshots;
    this.replicaLogBytes = replicaLogBytes;
    spaceFloor = new SpaceFloor(() -> data.get().usableBytes(), floorBytes);
    this.pause = pause;
    this.adoption = adoption;
    this.fatalStop = fatalStop;
    this.pubSub = pubSub;
  }

  @Override
  public SnapshotStore snapshots() {
    return snapshots.get();
  }

  @Override
  public long replicaLogBytes() {
    return replicaLogBytes.getAsLong();
  }

  @Override
  public void pauseWrites(boolean on) {
    pause.failover(on);
  }

  @Override
  public void pauseUntilStop(boolean on) {
    pause.untilStop(on);
  }

  @Override
  public boolean isPaused() {
    return pause.isPaused();
  }

  @Override
  public void requestSnapshot(String reason, SnapshotDuty.Outcome outcome) {
    snapshotDuty.requestAny(reason, outcome);
  }

  @Override
  public Workers workers() {
    return workers;
  }

  @Override
  public DataDirectory data() {
    return data.get();
  }

  @Override
  public SpaceFloor spaceFloor() {
    return spaceFloor;
  }

  @Override
  public Recovery recovery() {
    return recovery.get();
  }

  @Override
  public StreamExecutor streamExecutor(StreamExecutor.Control control) {
    applier =
        new CommandRunner(runner.dataset(), runner.counters(), null, ExpiryMode.IGNORE, clock);
    return new StreamExecutor(
        table.get(),
        applier,
        new StreamExecutor.Control() {
          @Override
          public void control(Call call) {
            NodeParts.this.control(call, control);
          }

          @Override
          public void skipped(String command) {
            LOG.warn(
                "MASTER link: skipped {}: this server has no functions and scripts. It stays in the"
                    + " log",
                command);
          }
        });
  }

  private void control(Call call, StreamExecutor.Control control) {
    if (!pubSub.get().received(call)) {
      control.control(call);
    }
  }

  @Override
  public FullSyncTarget newTarget() {
    return newTarget(streamTables.get(), besides());
  }

  /** A data set beside the one that serves, which is not to want for memory because of it. */
  private Dataset besides() {
    Dataset made = newDataset.get();
    made.keyspace().leaveMemory(DirectMemory.leftToServing());
    return made;
  }

  /** What fills {@code dataset}, which the calling thread owns. */
  static DatasetTarget newTarget(CommandTable table, Dataset dataset) {
    CommandRunner filler =
        new CommandRunner(dataset, ServerCounters.ofLoader(), null, ExpiryMode.IGNORE);
    return new DatasetTarget(
        dataset,
        new KeyspaceTarget(dataset.keyspace(), new StreamExecutor(table, filler, call -> {})));
  }

  @Override
  public void adopt(Recovered recovered, RecoveryTarget target) {
    Dataset loaded = ((DatasetTarget) target).dataset();
    loaded.keyspace().leaveMemory(0);
    adoption.accept(recovered, loaded);
    applier.replaceDataset(loaded);
  }

  @Override
  public void discard(RecoveryTarget target) {
    ((DatasetTarget) target).dataset().close();
  }

  @Override
  public long writeRdb(
      Checkpoint checkpoint,
      RdbVersion version,
      Map<String, String> auxiliary,
      WritableByteChannel out)
      throws IOException {
    SnapshotStore store = snapshots.get();
    try (CheckpointParts parts = new CheckpointParts(() -> store.read(checkpoint));
        RdbWriter writer = new RdbWriter(out, version)) {
      writer.begin(auxiliary);
      for (boolean more = true; more; ) {
        try (Dataset part = besides()) {
          part.keyspace().begin(System.currentTimeMillis(), ExpiryMode.IGNORE);
          more = parts.next(part.keyspace(), RDB_PART_BYTES);
          writer.part(part.keyspace(), part.strings(), part.collections());
        }
      }
      return writer.end();
    }
  }

  @Override
  public void fatal(String reason, Throwable cause) {
    fatalStop.stop(reason, cause);
  }

  /** A data set on its way in, with what fills it. */
  record DatasetTarget(Dataset dataset, KeyspaceTarget filling) implements FullSyncTarget {
    @Override
    public void item(ByteBuf key, ByteBuf value) {
      filling.item(key, value);
    }

    @Override
    public void itemsEnd() {
      filling.itemsEnd();
    }

    @Override
    public RdbContents readRdb(ReadableByteChannel rdb, long totalBytes, RdbListener listener)
        throws IOException {
      return new RdbReader(dataset.keyspace(), dataset.strings(), dataset.collections(), listener)
          .read(rdb, totalBytes, RdbReader.MAX_STRING_BYTES);
    }

    @Override
    public SnapshotSource snapshotSource() {
      return new KeyspaceSource(dataset::keyspace);
    }

    @Override
    public void select(int db) {
      filling.select(db);
    }

    @Override
    public void apply(ByteBuf bytes) {
      filling.apply(bytes);
    }

    @Override
    public long appliedCommands() {
      return filling.appliedCommands();
    }

    @Override
    public int db() {
      return filling.db();
    }
  }
}
