package org.chronolith.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.network.ClientLimits;
import org.chronolith.network.Connection;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.LogDisk;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.Dataset;
import org.chronolith.server.command.Dispatcher;
import org.chronolith.server.command.Gate;
import org.chronolith.server.command.ServerCounters;
import org.chronolith.server.commands.admin.BackupCommand;
import org.chronolith.server.commands.admin.CommandCommand;
import org.chronolith.server.commands.admin.ConfigCommands;
import org.chronolith.server.commands.admin.DebugCommand;
import org.chronolith.server.commands.admin.InfoCommand;
import org.chronolith.server.commands.admin.LatencyMonitor;
import org.chronolith.server.commands.admin.MemoryCommand;
import org.chronolith.server.commands.admin.PersistenceCommands;
import org.chronolith.server.commands.admin.ServerCommands;
import org.chronolith.server.commands.admin.ShutdownCommand;
import org.chronolith.server.commands.admin.SlowLog;
import org.chronolith.server.commands.connection.ClientCommands;
import org.chronolith.server.commands.connection.ClientPause;
import org.chronolith.server.commands.connection.ConnectionCommands;
import org.chronolith.server.commands.pubsub.PubSubCommands;
import org.chronolith.server.config.PersistenceDirectives;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.config.ServerVersion;
import org.chronolith.server.expiry.KeyspaceEvents;
import org.chronolith.server.expiry.Upkeep;
import org.chronolith.server.gate.AuthGate;
import org.chronolith.server.gate.LoadingGate;
import org.chronolith.server.gate.LogSpaceGate;
import org.chronolith.server.gate.MemoryGate;
import org.chronolith.server.gate.SubscriberGate;
import org.chronolith.server.info.Info;
import org.chronolith.server.logging.PidFile;
import org.chronolith.server.recovery.Backup;
import org.chronolith.server.recovery.DataDirectory;
import org.chronolith.server.recovery.KeyspaceSource;
import org.chronolith.server.recovery.LogStream;
import org.chronolith.server.recovery.PersistenceInfo;
import org.chronolith.server.recovery.RdbFile;
import org.chronolith.server.recovery.Recovered;
import org.chronolith.server.recovery.Recovery;
import org.chronolith.server.recovery.RecoveryException;
import org.chronolith.server.recovery.SnapshotDuty;
import org.chronolith.server.recovery.SnapshotLoop;
import org.chronolith.server.recovery.SnapshotScrub;
import org.chronolith.server.recovery.SnapshotStream;
import org.chronolith.server.replication.Replication;
import org.chronolith.server.write.Effects;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: builds the parts, joins them, starts and stops them.
 *
 * <p>Thread: the constructor and {@link #start} are for the main thread, {@link #stop} for the
 * shutdown thread; what they build runs on the {@code engine} loop, but for the loading, which has
 * the {@code loader} thread.
 */
public final class Server {
  private static final Logger LOG = LoggerFactory.getLogger(Server.class);

  /** Staged bytes at which a turn appends at once. */
  private static final int TURN_BYTES = 1 << 20;

  /** What a message may log beyond its own words: SELECT, MULTI, EXEC. */
  private static final long MESSAGE_RESERVE_BYTES = 1 << 10;

  private static final long SYNC_PERIOD_MS = 500;

  private final ServerConfig config;
  private final Platform platform;
  private final NetworkLoop engineLoop;
  private final NetworkLoop replicationLoop;
  private final SlabSource slabs;
  private final Effects effects = new Effects();
  private final WritePath writePath;
  private final ServerCounters counters = new ServerCounters();
  private final LoadingGate loadingGate = new LoadingGate();
  private final LogSpaceGate logSpaceGate;
  private final Watches watches = new Watches(this::watching);
  private final KeyspaceEvents keyspaceEvents;
  private final ClientPause clientPause;
  private final Info info = new Info();
  private final Subscriptions subscriptions = new Subscriptions();
  private final PubSubCommands pubSub = new PubSubCommands(subscriptions, this::relaysMessage);
  private final SlowLog slowLog;
  private final LatencyMonitor latencyMonitor;
  private final CommandRunner runner;
  private final CommandTable table;
  private final ClientRegistry clients;
  private final Endpoints endpoints;
  private final Observation observation;
  private final SnapshotLoop snapshotLoop;
  private final SnapshotDuty snapshots;
  private final SnapshotScrub snapshotScrub;
  private final Backup backup;
  private final RdbFile rdbFile;
  private final Replication replication;
  private final ShutdownCommand shutdown = new ShutdownCommand(new StopRequests());
  private final CountDownLatch stopped = new CountDownLatch(1);

  private StorageSizes sizes;
  private DataDirectory data;
  private Recovery recovery;
  private volatile Recovered live;

  /** What the start fills. Thread: loader. */
  private NodeParts.DatasetTarget loading;

  private Optional<PidFile> pidFile = Optional.empty();
  private volatile boolean failed;

  /** The loops are about to end: nothing is handed to them any more. */
  private volatile boolean closing;

  /** What {@code SHUTDOWN} said; null if it is a signal that stops the process. */
  private volatile StopMode stopMode;

  /** What happens to the data at the stop. */
  public enum StopMode {
    /** A snapshot if there are {@code save} rules. */
    DEFAULT,
    /** {@code SHUTDOWN SAVE}. */
    SAVE,
    /** {@code SHUTDOWN NOSAVE}: the log alone is kept, and nothing acknowledged is lost. */
    NOSAVE
  }

  /** Builds the node; nothing listens and no file is touched before {@link #start}. */
  public Server(ServerConfig config) {
    this(config, Platform.REAL);
  }

  /** The same with logs on a disk that may fail. */
  Server(ServerConfig config, LogDisk logDisk) {
    this(config, Platform.REAL.with(LogStore.on(logDisk)));
  }

  /** The same on a platform of the caller's. */
  Server(ServerConfig config, Platform platform) {
    this.config = config;
    this.platform = platform;
    engineLoop = platform.loops().apply("engine");
    replicationLoop = platform.loops().apply("replication");
    slabs = platform.slabs().get();
    writePath = new WritePath(effects, engineLoop, TURN_BYTES);
    logSpaceGate = new LogSpaceGate(writePath, engineLoop::execute);
    keyspaceEvents = new KeyspaceEvents(effects, watches, writePath::hasInternalRoom);
    clientPause = new ClientPause(engineLoop);
    snapshotLoop = new SnapshotLoop(engineLoop);
    slowLog = new SlowLog(config);
    latencyMonitor = new LatencyMonitor(config, this::table);
    runner =
        new CommandRunner(newDataset(), counters, effects, ExpiryMode.DELETE, engineLoop.clock());
    SnapshotStream stream =
        new LogStream(
            writePath,
            this::streamDb,
            this::readFromOffset,
            this::keepFromOffset,
            () -> sizes.minFreeBytes());
    backup = new Backup(() -> live, () -> data.directory(), stream, engineLoop::execute);
    snapshots =
        new SnapshotDuty(
            new KeyspaceSource(() -> runner.dataset().keyspace(), engineLoop.clock()::nanos),
            stream,
            () -> counters.changes,
            () -> counters.commandsProcessed,
            config::saveRules,
            () -> sizes.triggerLogBytes(config),
            snapshotLoop::wake,
            engineLoop.clock().wallMs(),
            engineLoop.clock()::nanos);
    snapshotScrub = new SnapshotScrub(platform.workers(), () -> live.snapshots());
    clients = new ClientRegistry(() -> !config.requirePass().isEmpty());
    NodeParts parts = parts();
    rdbFile =
        new RdbFile(
            config::bgsaveRdb,
            config::rdbFile,
            () -> live.snapshots().retainNewest(),
            (checkpoint, auxiliary, out) ->
                parts.writeRdb(checkpoint, RdbVersion.DEFAULT, auxiliary, out),
            parts.spaceFloor(),
            engineLoop::execute);
    replication =
        new Replication(
            engineLoop, replicationLoop, config, writePath, runner, clients, parts, config::port);
    table = new CommandTable(commands());
    clients.protectedMode(config::protectedMode);
    clients.onClose(watches::unwatch);
    clients.onClose(subscriptions::forget);
    clients.onClose(shutdown::forget);
    clients.onClose(clientPause::forget);
    clients.onClose(logSpaceGate::forget);
    clients.dispatcher(new Dispatcher(table, runner, writePath, gates(), this::ran, this::fatal));
    replication.register(info);
    pubSub.register(info);
    observation = new Observation(info, config, table, runner, clients, engineLoop.isNative());
    endpoints =
        new Endpoints(
            config, new ClientLimits(), subscriptions::limit, clients, observation.network());
    runner.logRoom(logSpaceGate);
    runner.paused(clientPause::isPaused);
    engineLoop.onEndOfTurn(this::endOfTurn);
    engineLoop.onUncaught(cause -> fatal("the engine thread failed", cause));
  }

  /**
   * Starts to listen, then loads what is on disk; clients are answered with {@code LOADING}
   * meanwhile. Returns when the loading has begun; ends the process if it fails.
   */
  public void start() {
    LOG.info(
        "Chronolith {} (Redis {} compatible) is starting, PID: {}",
        ServerVersion.CHRONOLITH,
        ServerVersion.REDIS,
        ProcessHandle.current().pid());
    config.warnings().forEach(LOG::warn);
    long claimedOffset;
    try {
      if (config.pidFile().isPresent()) {
        pidFile = Optional.of(PidFile.write(config.pidFile().get()));
      }
      data = DataDirectory.open(config.dir(), platform.disk());
      claimedOffset = replication.open(data);
      sizes = StorageSizes.of(config, config.dir());
      loadingGate.loading(true);
      recovery = new Recovery(data, settings());
      observation.register(
          keyspaceEvents,
          new PersistenceInfo(
              snapshots,
              rdbFile,
              recovery.progress(),
              loadingGate::loading,
              writePath,
              logSpaceGate::isSpaceRefused,
              logSpaceGate::refusal));
      observation.start(engineLoop);
      // Clients are answered while it loads, and even HELLO begins with a look at the keyspace.
      engineLoop.execute(() -> runner.dataset().keyspace().adopt());
      endpoints.open(engineLoop);
    } catch (IOException | RuntimeException e) {
      LOG.error("Cannot start: {}", e.getMessage());
      giveUp();
      return;
    }
    platform.workers().run("loader", () -> load(claimedOffset));
  }

  private void load(long claimedOffset) {
    try {
      Recovered recovered =
          recovery.start(this::nextTarget, config.replicaOf().isPresent(), claimedOffset);
      Dataset loaded = loading.dataset();
      engineLoop.execute(() -> ready(recovered, loaded));
    } catch (RecoveryException e) {
      LOG.error("Cannot start: {}", e.getMessage());
      giveUp();
    } catch (RuntimeException | Error e) {
      fatal("loading failed", e);
    }
  }

  /** Another one if what was loaded turned out to be damaged. Thread: loader. */
  private NodeParts.DatasetTarget nextTarget() {
    if (loading != null) {
      loading.dataset().close();
    }
    loading = NodeParts.newTarget(streamTable(), newDataset());
    return loading;
  }

  private void ready(Recovered recovered, Dataset loaded) {
    adopt(recovered, loaded);
    new Upkeep(engineLoop, runner, writePath, () -> !clientPause.isPaused(), config::hz).start();
    writePath.appendFsync(config.appendFsync());
    config.onChange(PersistenceDirectives.APPENDFSYNC, writePath::appendFsync);
    engineLoop.every(() -> writePath.syncIfDue(config.replSendDurableOnly()), SYNC_PERIOD_MS);
    if (config.logScrubBytesPerSecond() > 0) {
      scrub(false);
    }
    loadingGate.loading(false);
    replication.start(recovered);
    // Not before: until then nobody knows the database that the stream has selected, and a snapshot
    // that is due at once would be stored with another one.
    snapshotLoop.start(snapshots);
    LOG.info(
        "DB loaded in {} ms: {} items from the snapshot, {} bytes of the log",
        recovered.elapsedMs(),
        recovered.items(),
        recovered.replayedBytes());
    LOG.info(
        "Ready to accept connections at {}, data in {}, replication id {}, offset {}",
        endpoints,
        data.directory(),
        recovered.history().currentId(),
        writePath.log().endOffset());
  }

  /** Goes on with a loaded data set and its log. Thread: engine. */
  private void adopt(Recovered recovered, Dataset loaded) {
    Dataset old = runner.dataset();
    loaded.keyspace().adopt();
    loaded.keyspace().listener(keyspaceEvents);
    runner.replaceDataset(loaded);
    recovered.log().adopt();
    writePath.log(recovered.log());
    logSpaceGate.spaceReserved();
    effects.forgetDatabase();
    snapshots.adopt(recovered);
    live = recovered;
    Throwable failure = recovered.log().failure();
    if (failure != null) {
      // Before this it was not the live one, so that its report had no consequences.
      LogEvents.tellFailed(failure);
      liveLogFailed(failure);
    }
    old.keyspace().adopt();
    old.close();
  }

  /** The same after a full sync: what was live before ends elsewhere, since that takes time. */
  private void adoptSynced(Recovered recovered, Dataset loaded) {
    Recovered before = live;
    watches.touchedAll();
    // A reply that still waits is of a write that the master's data has replaced.
    engineLoop.release(Long.MAX_VALUE);
    engineLoop.restartOffsets();
    adopt(recovered, loaded);
    platform
        .workers()
        .run(
            "generation-closer",
            () -> {
              try {
                before.close();
              } catch (LogException | EngineException e) {
                LOG.warn("{}, which is replaced, is not closed cleanly", before.generation(), e);
              }
              // It took its time: the next full sync may have begun beside it.
              data.removeOlder(recovered.generation());
            });
  }

  private NodeParts parts() {
    return new NodeParts(
        () -> table,
        this::streamTable,
        runner,
        this::newDataset,
        snapshots,
        () -> data,
        () -> recovery,
        () -> live.snapshots(),
        () -> config.forSlots(sizes.retentionBytes()),
        () -> sizes.floorBytes(config),
        clientPause,
        this::adoptSynced,
        this::fatal,
        () -> pubSub,
        platform.workers(),
        engineLoop.clock());
  }

  /**
   * Whether a message of {@code bytes} goes into the stream: if somebody follows, who may have
   * subscribers. A message is worth no wait for space in the log.
   */
  private boolean relaysMessage(long bytes) {
    return replication.isFollowed() && writePath.promiseMore(2 * bytes + MESSAGE_RESERVE_BYTES);
  }

  private int streamDb() {
    return replication.streamDb();
  }

  private long readFromOffset() {
    return Math.min(backup.neededFrom(), replication.readFromOffset());
  }

  private long keepFromOffset(long crowdedBelow) {
    return replication.keepFromOffset(crowdedBelow);
  }

  private void endOfTurn() {
    if (live != null) {
      writePath.endOfTurn();
    }
  }

  private Recovery.Settings settings() {
    LogEvents.Reactions reactions = new LogReactions();
    return new Recovery.Settings(
        directory -> sizes.log(config, directory),
        platform.logs(),
        directory -> new LogEvents(directory, logSpaceGate, reactions),
        directory -> sizes.snapshots(config, directory, logSpaceGate::isSpaceRefused),
        snapshots,
        platform.snapshots());
  }

  /** Of the live log: one that is being loaded, or that a full sync has replaced, reports too. */
  private void releaseDurable() {
    if (live != null) {
      engineLoop.release(writePath.log().durableOffset());
    }
  }

  /** What follows from the log's reports, on its threads. */
  private final class LogReactions implements LogEvents.Reactions {
    @Override
    public boolean isLive(Path directory) {
      Recovered now = live;
      return now != null && now.generation().log().equals(directory);
    }

    @Override
    public void durable() {
      // The last force of a stop comes when nobody is left who waits for it.
      if (!closing) {
        engineLoop.execute(Server.this::releaseDurable);
        replication.durable();
      }
    }

    @Override
    public void failed(Throwable cause) {
      if (!closing) {
        liveLogFailed(cause);
      }
    }

    @Override
    public void damaged(long endOffset) {
      engineLoop.execute(() -> snapshotBehind(endOffset));
    }
  }

  /**
   * Verifies in the background the newest snapshot, and old segments of the log: all, or those that
   * no start has verified.
   */
  private void scrub(boolean all) {
    if (live != null) {
      live.log().scrub(all, config.logScrubBytesPerSecond());
      snapshotScrub.request(config.logScrubBytesPerSecond());
    }
  }

  /** Thread: engine. */
  private void snapshotBehind(long offset) {
    if (live != null) {
      snapshots.damagedBelow(offset);
    }
  }

  /** Any thread. */
  private void liveLogFailed(Throwable cause) {
    engineLoop.execute(() -> logFailed(cause));
  }

  /** Nothing is durable any more. Thread: engine. */
  private void logFailed(Throwable cause) {
    if (live.log().failure() == null) {
      // It is not the live one any more: a full sync has replaced it meanwhile.
      return;
    }
    logSpaceGate.failed(LogException.reasonOf(cause));
    // Replies that wait for the disk never leave; their clients cannot know, and must ask again.
    engineLoop.closeHolding();
    // Reads go on, but what they find expired is not removed: that would have to be logged.
    runner.expiryMode(ExpiryMode.HIDE);
    snapshots.logFailed("the log failed: " + logSpaceGate.failure());
    if (!closing) {
      replication.logFailed();
    }
  }

  private Dataset newDataset() {
    return new Dataset(
        KeyspaceConfig.of(
            config.databases(),
            DirectMemory.limitBytes(),
            platform.hashSeeds().getAsLong(),
            engineLoop.clock()::nanos),
        CollectionSettings.limits(config),
        slabs);
  }

  private void watching(boolean on) {
    runner.dataset().keyspace().watching(on);
  }

  private List<Gate> gates() {
    return List.of(
        new AuthGate(),
        new SubscriberGate(),
        loadingGate,
        replication.gate(),
        new MemoryGate(config::maxMemoryBytes),
        logSpaceGate,
        replication.goodReplicasGate(),
        clientPause);
  }

  private List<CommandSpec> commands() {
    List<CommandSpec> all = new ArrayList<>();
    all.addAll(
        DataCommands.all(
            watches,
            config::protoMaxBulkLenBytes,
            config::hllSparseMaxBytes,
            () -> !clientPause.isPaused()));
    all.addAll(new PersistenceCommands(snapshots, rdbFile).specs());
    all.addAll(new BackupCommand(backup).specs());
    all.addAll(new ConnectionCommands(config, watches, subscriptions, replication::role).specs());
    all.addAll(
        new ClientCommands(
                clients,
                watches,
                subscriptions,
                clientPause,
                replication::unblock,
                replication::peers)
            .specs());
    all.addAll(replication.commands());
    all.addAll(pubSub.specs());
    all.addAll(new CommandCommand(this::table).specs());
    all.addAll(ServerCommands.specs());
    all.addAll(MemoryCommand.specs());
    all.addAll(new DebugCommand(config::enableDebugCommand, () -> scrub(true)).specs());
    all.addAll(shutdown.specs());
    all.addAll(slowLog.specs());
    all.addAll(latencyMonitor.specs());
    all.addAll(new InfoCommand(info).specs());
    all.addAll(new ConfigCommands(config, info).specs());
    return all;
  }

  /** What clients see. Thread: engine. */
  Dataset dataset() {
    return runner.dataset();
  }

  /** What is live; null until it is loaded. Thread: any. */
  Recovered live() {
    return live;
  }

  Replication replication() {
    return replication;
  }

  /** For a thread that fills a data set while the engine thread runs commands. */
  private CommandTable streamTable() {
    return DataCommands.ofStream(config::hllSparseMaxBytes);
  }

  /** All commands. */
  CommandTable table() {
    return table;
  }

  private void ran(Call call, long nanos) {
    slowLog.ran(call, nanos);
    latencyMonitor.ran(call, nanos);
  }

  /** What {@code SHUTDOWN} asks for. Thread: engine. */
  private final class StopRequests implements ShutdownCommand.Stop {
    @Override
    public void request(Optional<Boolean> save, boolean now) {
      requestStop(
          save.isEmpty() ? StopMode.DEFAULT : save.get() ? StopMode.SAVE : StopMode.NOSAVE, now);
    }

    @Override
    public boolean abort() {
      return replication.stopWait().abort();
    }
  }

  /** The first request says how: who asks later waits with it. Thread: engine. */
  private void requestStop(StopMode mode, boolean now) {
    if (replication.stopWait().isIdle()) {
      stopMode = mode;
      replication
          .stopWait()
          .request(now, () -> platform.workers().run("exit", () -> platform.end().exit(0)));
    }
  }

  /** A signal that asks for a stop, such as {@code SIGTERM}. Returns at once; any thread. */
  void signal(String name) {
    if (closing) {
      return;
    }
    LOG.info("Received {} scheduling shutdown...", name);
    boolean insists = name.equals("SIGINT");
    engineLoop.execute(
        () -> {
          if (insists && !replication.stopWait().isIdle()) {
            replication.stopWait().insist();
          } else {
            requestStop(null, config.shutdownOnSigterm().contains("now"));
          }
        });
  }

  /** Stops cleanly: no more clients, a snapshot if the mode says so, the log closed as clean. */
  public void stop() {
    beginStop();
    try {
      stopped.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    finishStop();
  }

  /** Takes no more clients, and has the engine end its work: then {@link #isStopped}. */
  void beginStop() {
    endpoints.close();
    observation.close();
    engineLoop.execute(
        () -> {
          if (failed) {
            endWork();
          } else {
            replication.stopWait().conclude(this::endWork);
          }
        });
  }

  private void endWork() {
    // Nothing that was written is acknowledged any more: what nobody follows nobody misses.
    replication.stop();
    lastSnapshot();
  }

  /** Whether the engine has done what there is to do before the loops end. */
  boolean isStopped() {
    return stopped.getCount() == 0;
  }

  /** The rest of {@link #stop}. */
  void finishStop() {
    closing = true;
    snapshotScrub.close();
    replicationLoop.close();
    replication.closeClaims();
    replication.release();
    closeLive();
    engineLoop.close();
    slabs.close();
    if (data != null) {
      data.close();
    }
    pidFile.ifPresent(PidFile::close);
    LOG.info("Chronolith is now ready to exit, bye bye...");
  }

  /**
   * Gives back memory and sockets without a word to the disk. REQUIRES: the platform's disks take
   * nothing more, as if the process had been killed, and its loops have no threads.
   */
  void abandon() {
    closing = true;
    snapshotScrub.close();
    endpoints.close();
    observation.close();
    replicationLoop.close();
    replication.release();
    engineLoop.close();
    runner.dataset().close();
    slabs.close();
    if (data != null) {
      data.close();
    }
  }

  private void closeLive() {
    try {
      if (live != null) {
        live.close();
        if (!failed && !replication.isReplica()) {
          data.stoppedAsMaster(live.history().currentId(), live.log().endOffset());
        }
      }
    } catch (LogException e) {
      LOG.error("The log was not closed cleanly: {}", e.getMessage());
    }
  }

  private StopMode stopMode() {
    if (stopMode != null) {
      return stopMode;
    }
    Set<String> onSignal = config.shutdownOnSigterm();
    if (onSignal.contains("save")) {
      return StopMode.SAVE;
    }
    return onSignal.contains("nosave") ? StopMode.NOSAVE : StopMode.DEFAULT;
  }

  private void lastSnapshot() {
    StopMode mode = stopMode();
    boolean wanted =
        mode == StopMode.SAVE || mode == StopMode.DEFAULT && !config.saveRules().isEmpty();
    if (live == null || !wanted || snapshots.changesSinceLastSave() == 0) {
      closeLog();
      return;
    }
    snapshots.requestUrgently(
        "shutdown",
        failure -> {
          if (failure != null) {
            LOG.warn("No snapshot at the shutdown: {}. The log holds everything", failure);
          }
          closeLog();
        });
  }

  private void closeLog() {
    snapshotLoop.stop();
    if (live != null) {
      // Nothing may follow the mark: no write of a client, no key that expires, no byte of a
      // master.
      engineLoop.forEachConnection(Connection::close);
      runner.expiryMode(ExpiryMode.HIDE);
      writePath.end();
      if (live.log().failure() == null && live.log().canAppendIdentity()) {
        live.log().markClean(streamDb(), engineLoop.clock().wallMs());
      } else {
        LOG.warn("The log cannot be marked as clean: the next start takes a new replication id");
      }
    }
    stopped.countDown();
  }

  private void giveUp() {
    failed = true;
    platform.end().exit(1);
  }

  /** Whether the start failed: then the process's exit status says so. */
  boolean failed() {
    return failed;
  }

  private void fatal(String reason, Throwable cause) {
    LOG.error("Fatal: {}. The process ends; the log holds everything acknowledged", reason, cause);
    platform.end().halt(reason, cause);
  }
}
