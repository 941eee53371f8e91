package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * Writes the batches of sessions into the working database, and makes checkpoints of it. Whatever
 * fails ends the session, and the listener hears of it.
 *
 * <p>After a start the working database is rebuilt from the newest checkpoint, by hard links to its
 * table files, so that the first session after a restart is incremental as well.
 *
 * <p>Thread: {@code snapshot}, except where said.
 */
final class CheckpointMaker {
  private static final String WORKING = "working";

  private final SnapshotConfig config;
  private final SnapshotListener listener;
  private final SnapshotDisk disk;
  private final SnapshotTables tables;
  private final CheckpointSet checkpoints;
  private final Path workingDirectory;

  /** The working database lacks something that the keyspace takes for written. */
  private volatile boolean condemned;

  /** Null until a session needs it. */
  private SnapshotTables.Working working;

  CheckpointMaker(
      SnapshotConfig config,
      SnapshotListener listener,
      SnapshotDisk disk,
      SnapshotTables tables,
      CheckpointSet checkpoints) {
    this.config = config;
    this.listener = listener;
    this.disk = disk;
    this.tables = tables;
    this.checkpoints = checkpoints;
    workingDirectory = config.directory().resolve(WORKING);
  }

  /** As {@link SnapshotStore#needsFull}. Thread: any. */
  boolean needsFull() {
    return condemned;
  }

  /** As {@link SnapshotStore#requireFull}. Thread: the engine thread. */
  void requireFull() {
    condemned = true;
  }

  /** As {@link SnapshotStore#hasSpace}. Thread: any. */
  boolean hasSpace(long freeBytes) {
    return freeBytes
        >= config.minFreeBytes().getAsLong() + (condemned ? checkpoints.dataBytes() : 0);
  }

  /** Bytes that are free on the volume. Thread: any. */
  long freeBytes() {
    return disk.usableBytes(config.directory());
  }

  /** Removes the working database of the process before. */
  void removeLeftover() {
    checkpoints.remove(workingDirectory);
  }

  /** Opens the working database for a session: empty for a full one. */
  void open(SnapshotSession from) {
    try {
      if (condemned) {
        if (!from.full()) {
          // It failed after this session had begun: what the session brings is not enough.
          throw new EngineException(Severity.RETRYABLE, "the working database was lost");
        }
        removeWorking();
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

  /**
   * Writes a batch of a session, unless what it belongs to was lost.
   *
   * @param batch stays the caller's
   * @param bytes of the batch
   */
  void write(SnapshotSession from, ByteBuf batch, int bytes) {
    try {
      if (working != null && !condemned) {
        // What RocksDB still holds in memory comes on top when it writes that out.
        requireFree(bytes + Math.min(config.memtableBytes(), from.bytesWritten()));
        working.write(batch);
        from.written(bytes);
      }
    } catch (IOException | RuntimeException | Error e) {
      condemn(from, "cannot write to the working database", e);
    }
  }

  /** Makes the checkpoint of a session whose batches are all written. */
  void finish(SnapshotSession from, SnapshotMeta meta) {
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
    Throwable told = cause;
    try {
      lose();
    } catch (RuntimeException | Error e) {
      // Thrown on, the session would never come to an end, and no other one begin.
      e.addSuppressed(cause);
      told = e;
    }
    fail(from, what, told);
  }

  /** Gives the working database up: the next session has to be a full one. */
  void lose() {
    condemned = true;
    close();
    // At once: on a full disk, its space may be what the log needs.
    checkpoints.remove(workingDirectory);
  }

  /**
   * Forgets the working database, for a newest checkpoint that no session has made: the next
   * session is on top of that one.
   *
   * @throws IOException if it cannot be removed
   */
  void startOver() throws IOException {
    removeWorking();
    condemned = false;
  }

  private void removeWorking() throws IOException {
    close();
    disk.remove(workingDirectory);
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

  /** Closes the working database; its files stay. */
  void close() {
    if (working != null) {
      working.close();
      working = null;
    }
  }
}
