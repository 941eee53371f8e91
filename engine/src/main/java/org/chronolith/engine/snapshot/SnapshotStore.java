package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;

/**
 * The snapshots of one generation on disk.
 *
 * <p>A session writes batches into a working database, with no write-ahead log: RocksDB may put any
 * part of it on disk at any time, so the working database is never a source of recovery. When all
 * batches of a session are in, it is flushed and hard-linked into a directory of another name,
 * described by a META file, forced, and renamed to {@code checkpoint-<offset>} last. Whatever a
 * crash leaves, a directory of that name with a sound META is complete.
 *
 * <p>Threads: {@code begin}, and the calls on a session, come from the engine thread and never
 * wait. The thread {@code snapshot} writes. {@code open}, {@code load}, {@code read}, {@code
 * verify}, {@code install} and {@code close} wait for the disk, on the thread of their caller,
 * which must not be the engine thread while it serves.
 */
public final class SnapshotStore implements AutoCloseable {
  /** Beside the checkpoints: where files from elsewhere may be gathered; the store ignores it. */
  public static final String INCOMING = "incoming";

  /** What a damaged checkpoint is renamed to, with its offset and the time: {@code -OFFSET-MS}. */
  public static final String DAMAGED = "damaged-checkpoint-";

  private final SnapshotConfig config;
  private final SnapshotListener listener;
  private final SnapshotDisk disk;
  private final SnapshotTables tables;
  private final SnapshotThread thread;
  private final CheckpointSet checkpoints;
  private final CheckpointMaker maker;
  private final AtomicInteger queuedBatches = new AtomicInteger();
  private final AtomicLong queuedBytes = new AtomicLong();

  /** Of the engine thread. */
  private SnapshotSession session;

  private SnapshotStore(SnapshotConfig config, SnapshotListener listener, SnapshotEnv env) {
    this.config = config;
    this.listener = listener;
    disk = env.disk();
    tables = env.tables().apply(config);
    thread = new SnapshotThread(env.thread(), config.directory());
    checkpoints = new CheckpointSet(config, listener, disk, thread);
    maker = new CheckpointMaker(config, listener, disk, tables, checkpoints);
  }

  /**
   * Opens the directory and finds the newest complete checkpoint.
   *
   * @throws EngineException if the directory cannot be read or made
   */
  public static SnapshotStore open(SnapshotConfig config, SnapshotListener listener) {
    return open(config, listener, SnapshotEnv.REAL);
  }

  /** As {@link #open(SnapshotConfig, SnapshotListener)}, on a disk of the caller's choice. */
  public static SnapshotStore open(
      SnapshotConfig config, SnapshotListener listener, SnapshotDisk disk) {
    return open(config, listener, SnapshotEnv.on(disk));
  }

  /** As {@link #open(SnapshotConfig, SnapshotListener)}, in surroundings of the caller's choice. */
  public static SnapshotStore open(
      SnapshotConfig config, SnapshotListener listener, SnapshotEnv env) {
    SnapshotStore store = new SnapshotStore(config, listener, env);
    try {
      Files.createDirectories(config.directory().resolve(RocksSettings.LOG_DIRECTORY));
      store.scan();
      return store;
    } catch (IOException e) {
      store.close();
      throw new EngineException(
          Severity.RETRYABLE, "cannot open snapshots in " + config.directory() + ": " + e, e);
    }
  }

  /** The newest complete checkpoint. Thread: any. */
  public Optional<Checkpoint> newest() {
    return checkpoints.newest();
  }

  /** {@link #newest()}, retained for the caller, who releases it. Thread: any. */
  public Optional<Checkpoint> retainNewest() {
    return checkpoints.retainNewest();
  }

  /**
   * The newest complete checkpoint at or before {@code offset}, among the newest and the older ones
   * that are kept; retained for the caller, who releases it. Thread: any.
   */
  public Optional<Checkpoint> retainAtOrBefore(long offset) {
    return checkpoints.retainFirst(checkpoint -> checkpoint.offset() <= offset);
  }

  /**
   * The checkpoint of this {@link Checkpoint#id()}, among the newest and the older ones that are
   * kept; retained for the caller, who releases it. Thread: any.
   */
  public Optional<Checkpoint> retain(String id) {
    return checkpoints.retainFirst(checkpoint -> checkpoint.id().equals(id));
  }

  /**
   * Lets go of the older checkpoints below {@code offset}: the log does not reach back to them, or
   * the volume is short of space. The newest one stays in any case. Thread: any.
   */
  public void dropOlder(long offset) {
    checkpoints.dropOlder(offset);
  }

  /** Where the data of a checkpoint ends in the stream, by its directory's name. */
  public static OptionalLong offsetOf(Path checkpoint) {
    return CheckpointName.parse(checkpoint).stream().mapToLong(CheckpointName::offset).findFirst();
  }

  /** Directories that were found damaged or half-made, and are not used. */
  public List<Path> damaged() {
    return checkpoints.damaged();
  }

  /**
   * Takes the newest checkpoint out of use, since one of its files is damaged; the one before it,
   * if there is one, is the newest then. Its directory stays where it is until {@link
   * #setDistrustedAside}. REQUIRES: no session has been begun. Thread: the one that loads.
   */
  public void distrustNewest() {
    if (session != null) {
      throw new IllegalStateException("the working database is of the newest checkpoint");
    }
    checkpoints.distrustNewest();
  }

  /** Whether a checkpoint is out of use since it is damaged, and none has replaced it yet. */
  public boolean hasDistrusted() {
    return checkpoints.hasDistrusted();
  }

  /**
   * Reads every file of the newest checkpoint and compares it with META. If one is damaged, no
   * checkpoint that shares it is used any more, the next session is a full one, and what is damaged
   * is set aside when that is complete. Thread: one that may take its time.
   *
   * @param bytesPerSecond limit of the reading; 0 for none
   * @param stopped asked now and then; once it says yes, the rest is left
   * @return bytes read
   * @throws EngineException CORRUPTION, naming the damaged file; the listener was told
   */
  public long scrub(long bytesPerSecond, BooleanSupplier stopped) {
    Optional<Checkpoint> retained = retainNewest();
    if (retained.isEmpty()) {
      return 0;
    }
    Checkpoint checkpoint = retained.get();
    // Superseded, it is kept for this alone, and its space may be what the next one needs.
    BooleanSupplier over =
        () ->
            stopped.getAsBoolean()
                || !checkpoints.isNewest(checkpoint)
                    && maker.freeBytes() < 2 * config.minFreeBytes().getAsLong();
    CheckpointScrub scrub = new CheckpointScrub(bytesPerSecond, over);
    try {
      for (CheckpointFile file : checkpoint.files()) {
        Optional<String> problem = scrub.problem(checkpoint.directory(), file);
        if (over.getAsBoolean()) {
          // What the files of a store are that is not in use any more says nothing.
          break;
        }
        if (problem.isPresent()) {
          distrust(checkpoint, file.name());
          listener.damaged(problem.get());
          throw new EngineException(Severity.CORRUPTION, problem.get());
        }
      }
      return scrub.readBytes();
    } finally {
      checkpoint.release();
    }
  }

  private void distrust(Checkpoint checkpoint, String file) {
    thread.call(
        () -> {
          checkpoints.distrust(checkpoint, file);
          // It was made of the newest one, or is what that was made of.
          maker.lose();
          return null;
        });
  }

  /**
   * Renames the damaged checkpoints, for whoever wants to look at them, once nobody retains them.
   * They are superfluous from now on. Thread: any.
   */
  public void setDistrustedAside() {
    checkpoints.setDistrustedAside();
  }

  /**
   * Whether the next session has to bring the whole keyspace, since batches that were taken did not
   * reach the working database. Thread: any.
   */
  public boolean needsFull() {
    return maker.needsFull();
  }

  /**
   * Whether a session may be begun with so much free on the volume: one that must fail for want of
   * space would only make the next one a full one. Thread: any.
   */
  public boolean hasSpace(long freeBytes) {
    return maker.hasSpace(freeBytes);
  }

  /**
   * Says that the keyspace does not descend from {@link #newest()}, so that the next session has to
   * be a full one. REQUIRES: no session is running. Thread: the engine thread.
   */
  public void requireFull() {
    refuseWhileRunning();
    maker.requireFull();
  }

  /**
   * Starts a session. If {@link SnapshotSession#full()}, the caller marks everything as changed
   * before its walk. REQUIRES: the one before is over. Thread: the engine thread.
   */
  public SnapshotSession begin() {
    refuseWhileRunning();
    SnapshotSession started = new SnapshotSession(this, maker.needsFull());
    thread.execute(() -> maker.open(started));
    session = started;
    return started;
  }

  /**
   * Gives every item of {@code checkpoint} to {@code consumer}, in the order of keys.
   *
   * @return number of items
   * @throws EngineException CORRUPTION, naming the damaged file
   */
  public long load(Checkpoint checkpoint, ItemConsumer consumer) {
    long items = 0;
    try (CheckpointReader reader = read(checkpoint)) {
      while (reader.next()) {
        consumer.item(reader.key(), reader.value());
        items++;
      }
    }
    return items;
  }

  /**
   * Opens a checkpoint for reading, read-only, as often as wanted. Thread: any but the engine's.
   *
   * @throws IllegalStateException if the checkpoint is already on its way out
   */
  public CheckpointReader read(Checkpoint checkpoint) {
    if (!checkpoint.retain()) {
      throw new IllegalStateException(checkpoint + " is superseded and was not retained");
    }
    return tables.read(checkpoint);
  }

  /**
   * Reads every file of {@code checkpoint} and compares it with META.
   *
   * @throws EngineException CORRUPTION, naming the damaged file
   */
  public void verify(Checkpoint checkpoint) {
    try {
      CheckpointFiles.verify(checkpoint.directory(), true);
    } catch (IOException e) {
      throw new EngineException(
          Severity.RETRYABLE, "cannot verify " + checkpoint.directory() + ": " + e, e);
    }
  }

  /**
   * Takes over a directory with a META and its files, received from elsewhere, as the newest
   * checkpoint. Every file is read and verified, forced, and the directory renamed. It must lie on
   * the store's file system. REQUIRES: no session is running.
   *
   * @throws EngineException CORRUPTION, naming the damaged file; the directory then stays
   */
  public Checkpoint install(Path directory) {
    return thread.call(
        () -> {
          MetaFile meta = CheckpointFiles.verify(directory, true);
          force(directory, meta.files());
          maker.startOver();
          return checkpoints.publish(directory, meta);
        });
  }

  /**
   * As {@link #install}, of files that the caller has compared with their checksums as they were
   * written: they are neither read nor forced. Nobody may rely on the checkpoint after a power loss
   * until {@link #force} is done.
   */
  public Checkpoint installVerified(Path directory) {
    return thread.call(
        () -> {
          MetaFile meta = CheckpointFiles.verify(directory, false);
          maker.startOver();
          return checkpoints.publish(directory, meta);
        });
  }

  /**
   * Forces every file of {@code checkpoint}, on the thread {@code snapshot}: the caller may read it
   * meanwhile, and asks the future before it relies on it.
   */
  public Future<?> force(Checkpoint checkpoint) {
    return thread.submit(
        () -> {
          force(checkpoint.directory(), checkpoint.files());
          return null;
        });
  }

  private void force(Path directory, List<CheckpointFile> files) throws IOException {
    for (CheckpointFile file : files) {
      disk.force(directory.resolve(file.name()));
    }
    disk.force(directory.resolve(MetaFile.NAME));
  }

  /** Ends the thread; a running session is aborted. */
  @Override
  public void close() {
    SnapshotSession running = session;
    if (running != null) {
      running.abort("the store is closed");
    }
    thread.end(maker::close);
    tables.close();
  }

  /** Of the engine thread: takes a batch, or says that the queue is full. */
  boolean enqueue(SnapshotSession from, ByteBuf batch) {
    int bytes = batch.readableBytes();
    if (queuedBatches.get() >= config.queueBatches()
        || (queuedBatches.get() > 0 && queuedBytes.get() + bytes > config.queueBytes())) {
      return false;
    }
    queuedBatches.incrementAndGet();
    queuedBytes.addAndGet(bytes);
    thread.execute(() -> write(from, batch, bytes));
    return true;
  }

  private void write(SnapshotSession from, ByteBuf batch, int bytes) {
    try {
      maker.write(from, batch, bytes);
    } finally {
      batch.release();
      queuedBytes.addAndGet(-bytes);
      queuedBatches.decrementAndGet();
    }
  }

  /** Of the engine thread. */
  void enqueueFinish(SnapshotSession from, SnapshotMeta meta) {
    thread.execute(() -> maker.finish(from, meta));
  }

  /** Whether the last session is not over yet. Thread: the engine thread. */
  public boolean isRunning() {
    return session != null && !session.state().isFinal();
  }

  private void refuseWhileRunning() {
    if (isRunning()) {
      throw new IllegalStateException("a snapshot session is " + session.state());
    }
  }

  private void scan() throws IOException {
    List<Checkpoint> found = checkpoints.scan();
    thread.execute(maker::removeLeftover);
    found.forEach(checkpoints::supersede);
  }
}
