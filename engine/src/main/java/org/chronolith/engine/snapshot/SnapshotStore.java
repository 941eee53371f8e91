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
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * The snapshots of one generation on disk.
 *
 * <p>A session writes batches into a working database, with no write-ahead log: RocksDB may put any
 * part of it on disk at any time, so the working database is never a source of recovery. When all
 * batches of a session are in, it is flushed and hard-linked into a directory of another name,
 * described by a META file, forced, and renamed to {@code checkpoint-<offset>} last. Whatever a
 * crash leaves, a directory of that name with a sound META is complete.
 *
 * <p>After a start the working database is rebuilt from the newest checkpoint, by hard links to its
 * table files, so that the first session after a restart is incremental as well.
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

  private static final String WORKING = "working";

  private final SnapshotConfig config;
  private final SnapshotListener listener;
  private final SnapshotDisk disk;
  private final Path workingDirectory;
  private final SnapshotTables tables;
  private final SnapshotThread thread;
  private final CheckpointSet checkpoints;
  private final AtomicInteger queuedBatches = new AtomicInteger();
  private final AtomicLong queuedBytes = new AtomicLong();

  /** The working database lacks something that the keyspace takes for written. */
  private volatile boolean condemned;

  /** Of the engine thread. */
  private SnapshotSession session;

  /** Of the snapshot thread; null until a session needs it. */
  private SnapshotTables.Working working;

  private SnapshotStore(SnapshotConfig config, SnapshotListener listener, SnapshotEnv env) {
    this.config = config;
    this.listener = listener;
    disk = env.disk();
    workingDirectory = config.directory().resolve(WORKING);
    tables = env.tables().apply(config);
    thread = new SnapshotThread(env.thread(), config.directory());
    checkpoints = new CheckpointSet(config, listener, disk, thread);
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
                    && freeBytes() < 2 * config.minFreeBytes().getAsLong();
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
          condemned = true;
          closeWorking();
          checkpoints.remove(workingDirectory);
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
    return condemned;
  }

  /**
   * Whether a session may be begun with so much free on the volume: one that must fail for want of
   * space would only make the next one a full one. Thread: any.
   */
  public boolean hasSpace(long freeBytes) {
    return freeBytes
        >= config.minFreeBytes().getAsLong() + (condemned ? checkpoints.dataBytes() : 0);
  }

  /**
   * Says that the keyspace does not descend from {@link #newest()}, so that the next session has to
   * be a full one. REQUIRES: no session is running. Thread: the engine thread.
   */
  public void requireFull() {
    refuseWhileRunning();
    condemned = true;
  }

  /**
   * Starts a session. If {@link SnapshotSession#full()}, the caller marks everything as changed
   * before its walk. REQUIRES: the one before is over. Thread: the engine thread.
   */
  public SnapshotSession begin() {
    refuseWhileRunning();
    SnapshotSession started = new SnapshotSession(this, condemned);
    thread.execute(() -> openWorking(started));
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
          for (CheckpointFile file : meta.files()) {
            disk.force(directory.resolve(file.name()));
          }
          disk.force(directory.resolve(MetaFile.NAME));
          closeWorking();
          disk.remove(workingDirectory);
          condemned = false;
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
          closeWorking();
          disk.remove(workingDirectory);
          condemned = false;
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
          for (CheckpointFile file : checkpoint.files()) {
            disk.force(checkpoint.directory().resolve(file.name()));
          }
          disk.force(checkpoint.directory().resolve(MetaFile.NAME));
          return null;
        });
  }

  /** Ends the thread; a running session is aborted. */
  @Override
  public void close() {
    SnapshotSession running = session;
    if (running != null) {
      running.abort("the store is closed");
    }
    thread.end(this::closeWorking);
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

  /** Of the engine thread. */
  void enqueueFinish(SnapshotSession from, SnapshotMeta meta) {
    thread.execute(() -> finish(from, meta));
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
    thread.execute(() -> checkpoints.remove(workingDirectory));
    found.forEach(checkpoints::supersede);
  }

  private void openWorking(SnapshotSession from) {
    try {
      if (condemned) {
        if (!from.full()) {
          // It failed after this session had begun: what the session brings is not enough.
          throw new EngineException(Severity.RETRYABLE, "the working database was lost");
        }
        closeWorking();
        disk.remove(workingDirectory);
        // It will be as large as the one before, or so.
        requireFree(checkpoints.dataBytes());
        Files.createDirectories(workingDirectory);
        working = tables.open(workingDirectory);
        condemned = false;
      } else if (working == null) {
        requireFree(0);
        rebuildWorking();
        working = tables.open(workingDirectory);
      }
      from.opened();
    } catch (IOException | RuntimeException | Error e) {
      condemn(from, "cannot open the working database in " + workingDirectory, e);
    }
  }

  /** Makes the working directory a copy of the newest checkpoint, its table files shared. */
  private void rebuildWorking() throws IOException {
    disk.remove(workingDirectory);
    Files.createDirectories(workingDirectory);
    Checkpoint base = checkpoints.newest().orElse(null);
    if (base == null) {
      return;
    }
    for (CheckpointFile file : base.files()) {
      Path from = base.directory().resolve(file.name());
      Path to = workingDirectory.resolve(file.name());
      if (file.isTable()) {
        disk.link(from, to);
      } else {
        disk.copy(from, to);
      }
    }
  }

  private void write(SnapshotSession from, ByteBuf batch, int bytes) {
    try {
      if (working != null && !condemned) {
        // What RocksDB still holds in memory comes on top when it writes that out.
        requireFree(bytes + Math.min(config.memtableBytes(), from.bytesWritten()));
        working.write(batch);
        from.written(bytes);
      }
    } catch (IOException | RuntimeException | Error e) {
      condemn(from, "cannot write to the working database", e);
    } finally {
      batch.release();
      queuedBytes.addAndGet(-bytes);
      queuedBatches.decrementAndGet();
    }
  }

  private void finish(SnapshotSession from, SnapshotMeta meta) {
    if (from.state() != SnapshotSession.State.FINISHING) {
      return;
    }
    if (condemned) {
      condemn(
          from,
          "cannot make the checkpoint " + meta.offset(),
          new IOException("the one below it is damaged"));
      return;
    }
    try {
      working.flush();
    } catch (IOException | RuntimeException | Error e) {
      condemn(from, "cannot flush the working database", e);
      return;
    }
    Path making = checkpoints.making(meta.offset());
    try {
      disk.remove(making);
      working.checkpoint(making);
      CheckpointFiles.Described described =
          CheckpointFiles.describe(making, checkpoints.newest().orElse(null), disk);
      MetaFile metaFile = new MetaFile(meta, described.files());
      disk.write(making.resolve(MetaFile.NAME), metaFile.encode());
      Checkpoint made = checkpoints.publish(making, metaFile);
      from.complete();
      listener.completed(made, from.elapsedMs(), described.newBytes());
    } catch (ForceFailedException e) {
      checkpoints.remove(making);
      // Its files may lack what the page cache shows: the next session writes all of it anew, into
      // files that were never forced.
      condemn(from, "cannot make the checkpoint " + meta.offset(), e);
    } catch (IOException e) {
      // The working database has everything; only the checkpoint is missing.
      checkpoints.remove(making);
      if (freeBytes() < config.minFreeBytes().getAsLong()) {
        condemn(from, "cannot make the checkpoint " + meta.offset(), e);
      } else {
        fail(from, "cannot make the checkpoint " + meta.offset(), e);
      }
    } catch (RuntimeException | Error e) {
      // Else the session would never come to an end, and no other one begin.
      checkpoints.remove(making);
      condemn(from, "cannot make the checkpoint " + meta.offset(), e);
    }
  }

  private long freeBytes() {
    return disk.usableBytes(config.directory());
  }

  /** A snapshot can be made again later; the log cannot wait for the space that it would take. */
  private void requireFree(long bytes) {
    long left = config.minFreeBytes().getAsLong();
    if (freeBytes() < left + bytes) {
      checkpoints.dropOlder(Long.MAX_VALUE);
    }
    long free = freeBytes();
    if (free < left + bytes) {
      throw new EngineException(
          Severity.NO_SPACE,
          "no space: "
              + free
              + " bytes are free on the volume, "
              + bytes
              + " are needed and "
              + left
              + " are left for the log");
    }
  }

  /** Batches that were taken are lost with the working database. */
  private void condemn(SnapshotSession from, String what, Throwable cause) {
    condemned = true;
    closeWorking();
    // At once: on a full disk, its space may be what the log needs.
    checkpoints.remove(workingDirectory);
    fail(from, what, cause);
  }

  private void fail(SnapshotSession from, String what, Throwable cause) {
    Severity severity = isNoSpace(cause) ? Severity.NO_SPACE : Severity.RETRYABLE;
    EngineException failure =
        new EngineException(severity, what + ": " + cause.getMessage(), cause);
    from.fail(failure.getMessage(), severity == Severity.NO_SPACE);
    listener.failed(from, failure);
  }

  /** ENOSPC, as each of the three says it: the JDK has no type and no code for it. */
  private static boolean isNoSpace(Throwable cause) {
    if (cause instanceof EngineException known) {
      return known.severity() == Severity.NO_SPACE;
    }
    if (cause.getCause() instanceof RocksDBException rocks
        && rocks.getStatus() != null
        && rocks.getStatus().getSubCode() == Status.SubCode.NoSpace) {
      return true;
    }
    return String.valueOf(cause.getMessage()).contains("No space left on device");
  }

  private void closeWorking() {
    if (working != null) {
      working.close();
      working = null;
    }
  }
}
