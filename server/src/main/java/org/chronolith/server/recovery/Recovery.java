package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotConfig;
import org.chronolith.engine.snapshot.SnapshotEnv;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.LogBranch;
import org.chronolith.replicationlog.LogConfig;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogListener;
import org.chronolith.replicationlog.LogNeed;
import org.chronolith.replicationlog.LogStore;
import org.chronolith.replicationlog.RecoveryReport;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a data directory to a filled keyspace: the newest checkpoint, then the log from its offset
 * to its end. Nothing expires and nothing is dropped on the way: a later {@code PERSIST} may
 * follow.
 *
 * <p>Identity. A master goes on under the id that it finds if a master was stopped cleanly in this
 * very directory under that id. After an unclean stop the log may end before what replicas have
 * received; a copy, or what was a replica, shares its id with another node; what was put back from
 * an earlier time has written on since, and a replica may have it. Then it takes a new id, the old
 * one valid up to the recovered end; it is in the log, forced, before this returns. A replica keeps
 * its master's id. Each start uses the proof of a clean stop up, forced, before a byte is appended:
 * after a power loss the log may look again as that stop left it, while replicas have more.
 *
 * <p>Thread: {@code loader}; it waits for the disk.
 */
public final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
  private static final List<String> FILES_OF_REDIS =
      List.of("dump.rdb", "appendonly.aof", "appendonlydir");
  private static final String LOG_ASIDE = "log-ends-at-";
  private static final String LOG_MAKING = "log.making";
  private static final int REPLAY_CHUNK_BYTES = 1 << 20;

  private final DataDirectory data;
  private final Settings settings;
  private final LoadProgress progress = new LoadProgress();

  /**
   * What recovery opens its parts with.
   *
   * @param log configuration for a log in a directory
   * @param logs where they are kept
   * @param logListeners who hears of the log in a directory: a full sync has one beside the live
   *     one
   * @param snapshots configuration for a snapshot store in a directory
   * @param snapshotEnv what snapshot stores stand on
   */
  public record Settings(
      Function<Path, LogConfig> log,
      LogStore logs,
      Function<Path, LogListener> logListeners,
      Function<Path, SnapshotConfig> snapshots,
      SnapshotListener snapshotListener,
      SnapshotEnv snapshotEnv) {
    public Settings {
      Objects.requireNonNull(log);
      Objects.requireNonNull(logs);
      Objects.requireNonNull(logListeners);
      Objects.requireNonNull(snapshots);
      Objects.requireNonNull(snapshotListener);
      Objects.requireNonNull(snapshotEnv);
    }

    /** With snapshots on the real disk. */
    public Settings(
        Function<Path, LogConfig> log,
        LogStore logs,
        Function<Path, LogListener> logListeners,
        Function<Path, SnapshotConfig> snapshots,
        SnapshotListener snapshotListener) {
      this(log, logs, logListeners, snapshots, snapshotListener, SnapshotEnv.REAL);
    }

    ReplicationLog openLog(Path directory, LogNeed need) {
      return logs.open(log.apply(directory), logListeners.apply(directory), need);
    }

    ReplicationLog createLog(Path directory, long startOffset, History history, int db) {
      return logs.create(
          log.apply(directory), logListeners.apply(directory), startOffset, history, db);
    }

    Optional<LogBranch> branchLog(ReplicationLog from, Path directory, long mostOffset) {
      return from.branch(log.apply(directory), logListeners.apply(directory), mostOffset);
    }

    SnapshotStore openSnapshots(Generation generation) {
      return SnapshotStore.open(
          snapshots.apply(generation.snapshots()), snapshotListener, snapshotEnv);
    }
  }

  public Recovery(DataDirectory data, Settings settings) {
    this.data = data;
    this.settings = settings;
  }

  /** Thread: any. */
  public LoadProgress progress() {
    return progress;
  }

  /**
   * Opens the live generation, or makes the first one.
   *
   * @param targets gives an empty one, and another if the checkpoint that was loaded into it turned
   *     out to be damaged: the last one holds the data
   * @param replica whether the node starts as a replica
   * @param claimedOffset up to which a replica is known to have the stream of this node
   * @throws RecoveryException if what is there does not lead to a state
   */
  public Recovered start(
      Supplier<? extends RecoveryTarget> targets, boolean replica, long claimedOffset) {
    DataDirectory.requireFinished(data.directory());
    Optional<Generation> current = data.current();
    data.removeLeftovers();
    try {
      if (current.isEmpty()) {
        return first(targets.get());
      }
      data.markLive(current.get());
      data.removeOthers(current.get(), replica);
      KeptAside.bound(data, data.directory(), DiscardedTail.PREFIX);
      KeptAside.bound(data, current.get().directory(), LOG_ASIDE);
      KeptAside.bound(data, current.get().snapshots(), SnapshotStore.DAMAGED);
      try (Opened opened = new Opened(current.get())) {
        return recover(opened, targets, replica, claimedOffset);
      }
    } catch (EngineException | LogException e) {
      throw new RecoveryException(
          "cannot recover from " + data.directory() + ": " + e.getMessage() + wayOut(), e);
    }
  }

  /** What an operator can do when the files cannot be read, or do not lead to a state. */
  private String wayOut() {
    return ". `bin/chronolith check "
        + data.directory()
        + "` shows all damage; `bin/chronolith restore "
        + data.directory()
        + " --to end --into NEWDIR` makes a sound directory from an older snapshot, or the log alone"
        + " if it begins at 0; a backup and a replica have the data too";
  }

  /** What an operator can do when there is no log: no tool makes data of a snapshot alone. */
  private String wayBack() {
    return ", and what was written since the newest snapshot is in it alone: put it back where it"
        + " was. `bin/chronolith check "
        + data.directory()
        + "` shows what is there; a backup (`bin/chronolith restore BACKUP --to end --into NEWDIR`)"
        + " and a replica have the data too";
  }

  /**
   * Turns received files into a live generation: installs the checkpoint in {@link
   * Generation#incoming()}, loads it, makes a log that starts at its offset, and switches {@code
   * CURRENT} when all of it is on disk. On failure the generation is removed and the live one
   * stays.
   *
   * @param verified whether the files were compared with their checksums as they arrived; else they
   *     are read for it
   * @param replicationId under which the stream goes on from the checkpoint, which may be of an
   *     earlier one: that then counts up to the checkpoint's offset
   * @param cancellation looked at again and again, and committed right before the switch
   * @throws SwitchedException if the next start may go on with the new generation, and this process
   *     cannot: it must end
   * @throws RecoveryException if the live generation stays
   */
  public Recovered fullSync(
      Generation generation,
      RecoveryTarget target,
      String replicationId,
      boolean verified,
      Cancellation cancellation) {
    try (Opened opened = new Opened(generation)) {
      long startedNanos = System.nanoTime();
      Checkpoint checkpoint =
          verified
              ? opened.store.installVerified(generation.incoming())
              : opened.store.install(generation.incoming());
      Future<?> forced = opened.store.force(checkpoint);
      SnapshotMeta meta = checkpoint.meta();
      progress.start(System.currentTimeMillis(), checkpoint.totalBytes());
      long items = load(opened.store, checkpoint, target, cancellation);
      target.select(meta.selectedDb());
      opened.log =
          settings.createLog(
              generation.log(),
              meta.offset(),
              HistoryAttributes.read(meta).withId(replicationId, meta.offset()),
              meta.selectedDb());
      await(forced);
      refuseFailed(opened.log);
      data.begins(generation, meta.offset(), meta.keys());
      cancellation.commit();
      data.switchTo(generation);
      progress.end();
      return opened.recovered(target, items, 0, startedNanos);
    } catch (SwitchedException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // An error, too: for want of memory, say, which this one alone needed.
      data.remove(generation);
      throw new RecoveryException("full sync into " + generation + " failed: " + e.getMessage(), e);
    }
  }

  /** Before the switch: a log that takes nothing any more must not become the live one. */
  static void refuseFailed(ReplicationLog log) {
    if (log.failure() != null) {
      throw new RecoveryException("its log failed: " + log.failure().getMessage(), log.failure());
    }
  }

  private static void await(Future<?> forced) {
    try {
      forced.get();
    } catch (ExecutionException e) {
      throw new RecoveryException("the files cannot be forced: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RecoveryException("interrupted", e);
    }
  }

  /**
   * Turns an RDB into a live generation, with a checkpoint of its data and a log that starts where
   * the RDB ends. On failure the generation is removed and the live one stays.
   *
   * @param cancellation as for {@link #fullSync}
   */
  public Recovered fromRdb(
      Generation generation, RdbSource rdb, FullSyncTarget target, Cancellation cancellation) {
    return new RdbLoad(data, settings, progress, generation).run(rdb, target, cancellation);
  }

  /**
   * Makes a generation of this node's own data as it was at {@code divergence}, and keeps what its
   * log has behind that in {@code discarded-OFFSET-MS}. On failure the generation is removed and
   * the live one stays.
   *
   * @param live the log of the live generation; nothing is appended to it meanwhile
   * @param checkpoint of the live generation, at or before the divergence, retained by the caller;
   *     empty if the log goes back to the empty state
   * @param cancellation as for {@link #fullSync}
   */
  public Recovered rewind(
      Generation generation,
      RecoveryTarget target,
      ReplicationLog live,
      Optional<Checkpoint> checkpoint,
      long divergence,
      Cancellation cancellation) {
    return new RewindLoad(data, settings, generation, live, divergence)
        .run(checkpoint, target, cancellation);
  }

  private Recovered first(RecoveryTarget target) {
    for (Generation orphan : data.generations()) {
      if (!data.isUnborn(orphan)) {
        throw new RecoveryException(
            data.directory()
                + " has data in "
                + orphan
                + " but no file CURRENT; write the name of the live generation into it");
      }
      data.remove(orphan);
    }
    warnOfRedisFiles();
    Generation generation = data.newGeneration();
    try (Opened opened = new Opened(generation)) {
      opened.log = settings.createLog(generation.log(), 0, History.fresh(), 0);
      data.switchTo(generation);
      target.select(0);
      return opened.recovered(target, 0, 0, System.nanoTime());
    }
  }

  /** Whoever moves from redis-server by its directory would find an empty server. */
  private void warnOfRedisFiles() {
    for (String name : FILES_OF_REDIS) {
      Path file = data.directory().resolve(name);
      if (Files.exists(file)) {
        LOG.warn(
            "{} is of a redis-server and is not loaded: the server starts empty. To take an RDB"
                + " over: bin/chronolith import dump.rdb --dir DIR, with another DIR",
            file);
      }
    }
  }

  private Recovered recover(
      Opened opened,
      Supplier<? extends RecoveryTarget> targets,
      boolean replica,
      long claimedOffset) {
    long startedNanos = System.nanoTime();
    LogConfig logConfig = settings.log().apply(opened.generation.log());
    Optional<Checkpoint> checkpoint = opened.store.newest();
    if (!settings.logs().exists(logConfig)) {
      if (checkpoint.isEmpty() || !wasSetAside(opened.generation)) {
        throw new RecoveryException("there is no log in " + opened.generation.log() + wayBack());
      }
      // A crash came before the new log was whole.
      makeLog(opened.generation, checkpoint.get().meta(), replica);
    }
    opened.log = openLog(opened.generation.log(), checkpoint);
    List<EngineException> damage = new ArrayList<>();
    RecoveryTarget target = null;
    long items = -1;
    while (items < 0) {
      checkpoint = opened.store.newest();
      target = targets.get();
      try {
        items = loadNewest(opened, target);
      } catch (EngineException e) {
        if (e.severity() != EngineException.Severity.CORRUPTION || checkpoint.isEmpty()) {
          throw e;
        }
        damage.add(e);
        fallBack(opened, e);
      }
    }
    long from = checkpoint.map(Checkpoint::offset).orElse(0L);
    target.select(checkpoint.map(one -> one.meta().selectedDb()).orElse(0));
    long replayed = 0;
    if (opened.log.endOffset() < from) {
      restartLog(opened, checkpoint.orElseThrow().meta(), replica);
    } else {
      replayed = replay(opened.log, from, target);
      identify(opened.log, target.db(), replica, claimedOffset);
    }
    if (!damage.isEmpty()) {
      damage.forEach(one -> settings.snapshotListener().damaged(one.getMessage()));
      // Not before: until here the next start has to find them, and to say what this one says.
      opened.store.setDistrustedAside();
    }
    data.started();
    if (!replica) {
      ForkMark.remove(data.disk(), data.directory());
    }
    progress.end();
    return opened.recovered(target, items, replayed, startedNanos);
  }

  /**
   * The items of the newest checkpoint, or none if there is none.
   *
   * @throws EngineException CORRUPTION if one of its tables is damaged; part of it may be loaded
   */
  private long loadNewest(Opened opened, RecoveryTarget target) {
    Optional<Checkpoint> checkpoint = opened.store.newest();
    long from = checkpoint.map(Checkpoint::offset).orElse(0L);
    Optional<String> lost = lost(opened.store.damaged(), opened.log.endOffset(), from);
    if (lost.isPresent()) {
      throw new RecoveryException(lost.get() + wayOut());
    }
    if (opened.log.endOffset() >= from) {
      check(opened, checkpoint, from);
    }
    progress.start(
        System.currentTimeMillis(),
        checkpoint.map(Checkpoint::totalBytes).orElse(0L)
            + Math.max(0, opened.log.endOffset() - from));
    return checkpoint.isPresent()
        ? load(opened.store, checkpoint.get(), target, new Cancellation())
        : 0;
  }

  /**
   * A table of the newest checkpoint is damaged: goes back to the one before it, or to the empty
   * state, if the log leads on from there to all that the damaged one has.
   */
  private void fallBack(Opened opened, EngineException damage) {
    Checkpoint damaged = opened.store.newest().orElseThrow();
    long end = opened.log.endOffset();
    if (end < damaged.offset()) {
      throw new RecoveryException(
          damage.getMessage()
              + ". The log ends at "
              + end
              + ", before that checkpoint: no older one leads to all of its data"
              + wayOut(),
          damage);
    }
    opened.store.distrustNewest();
    Optional<Checkpoint> before = opened.store.newest();
    try {
      check(opened, before, before.map(Checkpoint::offset).orElse(0L));
      // What is older than the damaged one was not verified, and now is needed.
      opened.log.close();
      opened.log = null;
      opened.log = openLog(opened.generation.log(), before);
    } catch (RecoveryException e) {
      throw new RecoveryException(
          "checkpoint "
              + damaged
              + " is damaged ("
              + damage.getMessage()
              + "), and "
              + e.getMessage(),
          e);
    }
    LOG.error(
        "Checkpoint {} is damaged: {}. The start goes on from {} and the log, which lead to the same"
            + " data, and takes longer. The damaged one is kept aside",
        damaged,
        damage.getMessage(),
        before.map(one -> "checkpoint " + one).orElse("the empty state"));
  }

  /** What is older than the checkpoint may be damaged; what is newer may not. */
  private ReplicationLog openLog(Path directory, Optional<Checkpoint> checkpoint) {
    LogNeed need =
        checkpoint
            .map(one -> LogNeed.from(one.offset(), HistoryAttributes.read(one.meta())))
            .orElse(LogNeed.EVERYTHING);
    ReplicationLog log;
    try {
      log = settings.openLog(directory, need);
    } catch (LogException e) {
      throw switch (e.kind()) {
        case DAMAGED -> new RecoveryException(e.getMessage() + help(), e);
        case MISPLACED ->
            new RecoveryException(
                e.getMessage()
                    + ". The server does not start, since nobody knows which data the log leads to",
                e);
        default -> e;
      };
    }
    RecoveryReport report = log.recovery();
    report.findings().forEach(finding -> LOG.warn("Log: {}", finding));
    report.damage().forEach(damage -> LOG.error("Log damaged: {}", damage));
    if (!report.damage().isEmpty() && report.startOffset() > 0) {
      LOG.error(
          "The log now starts at offset {}: replicas that need older bytes will resync fully."
              + " Nothing behind the snapshot is missing",
          report.startOffset());
    }
    return log;
  }

  /** What an operator can do about damage. */
  private String help() {
    return ". The server does not start, since acknowledged writes would be lost. A replica or a"
        + " backup may have them (`bin/chronolith restore`); `bin/chronolith check "
        + data.directory()
        + "` shows all damage, and `bin/chronolith repair "
        + data.directory()
        + " --cut` gives up everything from that offset on";
  }

  /** Snapshot(S) + log[S, end) must be a state: the log reaches S, and both are of one history. */
  private void check(Opened opened, Optional<Checkpoint> checkpoint, long from) {
    Optional<String> refusal =
        refusal(
            opened.generation,
            opened.log.startOffset(),
            opened.log.history(),
            checkpoint.map(Checkpoint::directory),
            checkpoint.map(Checkpoint::meta),
            opened.store.damaged());
    if (refusal.isPresent()) {
      throw new RecoveryException(refusal.get() + wayOut());
    }
  }

  /**
   * Whether a damaged checkpoint had data that nothing else leads to: it says which; empty if there
   * is none.
   *
   * @param from offset of the newest sound checkpoint
   */
  public static Optional<String> lost(List<Path> damaged, long logEnd, long from) {
    for (Path checkpoint : damaged) {
      long offset = SnapshotStore.offsetOf(checkpoint).orElse(0);
      if (offset > Math.max(logEnd, from)) {
        return Optional.of(
            checkpoint
                + " is damaged, and the log ends at "
                + logEnd
                + ", before that checkpoint: no older one leads to all of its data. To go on"
                + " without what is lost, move it out of the directory");
      }
    }
    return Optional.empty();
  }

  /**
   * Why a generation's log and its newest sound checkpoint do not lead to a state; empty if they
   * do.
   *
   * @param damaged checkpoints that are not sound, for the message
   */
  public static Optional<String> refusal(
      Generation generation,
      long logStart,
      History history,
      Optional<Path> checkpoint,
      Optional<SnapshotMeta> meta,
      List<Path> damaged) {
    long from = meta.map(SnapshotMeta::offset).orElse(0L);
    if (logStart > from || (meta.isEmpty() && generation.hasBase())) {
      return Optional.of(
          "the log in "
              + generation.log()
              + " starts at offset "
              + logStart
              + (logStart > from ? "" : " with data that is not in it")
              + ", but "
              + (meta.isPresent()
                  ? "the newest sound checkpoint ends at " + from
                  : "there is no sound checkpoint")
              + (damaged.isEmpty() ? "" : " (damaged: " + damaged + ")"));
    }
    if (meta.isPresent() && history.validTo(meta.get().replicationId()) < from) {
      return Optional.of(
          checkpoint.orElseThrow()
              + " is of the history "
              + meta.get().replicationId()
              + ", which the log, of "
              + history
              + ", does not descend from at offset "
              + from);
    }
    return Optional.empty();
  }

  private long load(
      SnapshotStore store,
      Checkpoint checkpoint,
      RecoveryTarget target,
      Cancellation cancellation) {
    long items =
        store.load(
            checkpoint,
            (key, value) -> {
              cancellation.check();
              long bytes = key.readableBytes() + value.readableBytes();
              target.item(key, value);
              progress.add(bytes, 1);
            });
    target.itemsEnd();
    progress.keys(checkpoint.meta().keys());
    return items;
  }

  private long replay(ReplicationLog log, long from, RecoveryTarget target) {
    ByteBuf bytes = Unpooled.directBuffer(2 * REPLAY_CHUNK_BYTES);
    long applied = from;
    try (var reader = log.reader(from)) {
      for (int read; (read = reader.read(bytes, REPLAY_CHUNK_BYTES)) > 0; ) {
        int before = bytes.readerIndex();
        target.apply(bytes);
        applied += bytes.readerIndex() - before;
        bytes.discardReadBytes();
        progress.add(read, 0);
      }
    } catch (EngineException | LogException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new RecoveryException(
          "the log cannot be applied after offset " + applied + ": " + e.getMessage(), e);
    } finally {
      bytes.release();
    }
    if (applied != log.endOffset()) {
      throw new RecoveryException(
          "the log ends at " + log.endOffset() + " inside a command that starts at " + applied);
    }
    return applied - from;
  }

  private void identify(ReplicationLog log, int db, boolean replica, long claimedOffset) {
    History found = log.history();
    String reason =
        replica
            ? null
            : data.whyNewId(found.currentId(), log.wasClean(), log.endOffset(), claimedOffset);
    if (replica ? log.wasClean() : reason == null) {
      return;
    }
    History next = replica ? found.lowerTo(log.endOffset()) : found.newId(log.endOffset());
    if (next.equals(found)) {
      return;
    }
    if (!log.canAppendIdentity()) {
      throw new RecoveryException(
          "no space could be reserved for the log's new identity, which a start after an unclean"
              + " stop needs; the line of the log before this one says why. If the volume is full,"
              + " free a mebibyte and start again");
    }
    log.appendIdentity(next, db, System.currentTimeMillis());
    log.sync();
    if (!replica) {
      LOG.warn(
          "Replication id {} ends at {} and {} goes on: {}",
          found.currentId(),
          log.endOffset(),
          next.currentId(),
          reason);
    }
  }

  /**
   * The disk has lost log bytes that it had reported as forced: everything up to S is in the
   * checkpoint, what came after is gone. The old log is set aside, never appended to.
   */
  private void restartLog(Opened opened, SnapshotMeta meta, boolean replica) {
    Path directory = opened.generation.log();
    long end = opened.log.endOffset();
    Path aside = directory.resolveSibling(LOG_ASIDE + end + "-" + System.currentTimeMillis());
    LOG.error(
        "The log in {} ends at {}, before the checkpoint at {}; it is set aside as {}",
        directory,
        end,
        meta.offset(),
        aside);
    opened.log.close();
    opened.log = null;
    try {
      data.disk().rename(directory, aside);
      // Before a new log is made under the old name.
      data.disk().force(opened.generation.directory());
    } catch (IOException e) {
      throw RecoveryException.of("cannot set " + directory + " aside", e);
    }
    makeLog(opened.generation, meta, replica);
    opened.log = openLog(directory, opened.store.newest());
  }

  /**
   * Makes a log that starts where the checkpoint ends; a replica's goes on under its master's id.
   * It gets its name when it is whole: a crash leaves none, which {@link #wasSetAside} explains.
   */
  private void makeLog(Generation generation, SnapshotMeta meta, boolean replica) {
    History found = HistoryAttributes.read(meta);
    Path making = generation.directory().resolve(LOG_MAKING);
    try {
      if (Files.exists(making)) {
        data.removeTree(making);
      }
      data.disk().createDirectory(making);
      settings
          .createLog(
              making,
              meta.offset(),
              replica ? found : found.newId(meta.offset()),
              meta.selectedDb())
          .close();
      data.disk().rename(making, generation.log());
      data.disk().force(generation.directory());
    } catch (IOException e) {
      throw RecoveryException.of("cannot make a log in " + generation.directory(), e);
    }
  }

  private static boolean wasSetAside(Generation generation) {
    try (Stream<Path> entries = Files.list(generation.directory())) {
      return entries.anyMatch(path -> path.getFileName().toString().startsWith(LOG_ASIDE));
    } catch (IOException e) {
      throw RecoveryException.of("cannot list " + generation.directory(), e);
    }
  }

  /** What was opened so far; closed again unless it was handed on. */
  private final class Opened implements AutoCloseable {
    private final Generation generation;
    private final SnapshotStore store;
    private ReplicationLog log;
    private boolean handedOn;

    Opened(Generation generation) {
      this.generation = generation;
      store = settings.openSnapshots(generation);
    }

    Recovered recovered(RecoveryTarget target, long items, long replayedBytes, long startedNanos) {
      handedOn = true;
      return new Recovered(
          generation,
          store,
          log,
          target.db(),
          items,
          replayedBytes,
          target.appliedCommands(),
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
    }

    @Override
    public void close() {
      if (handedOn) {
        return;
      }
      try (store) {
        if (log != null) {
          log.close();
        }
      }
    }
  }
}
