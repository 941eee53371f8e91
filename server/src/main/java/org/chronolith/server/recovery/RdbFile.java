package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.replicationlog.LogException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The RDB that {@code BGSAVE} and {@code SAVE} leave behind where {@code bgsave-rdb} asks for it:
 * of the snapshot that they have made, in the background, under its name when it is complete and on
 * the disk.
 *
 * <p>Thread: engine; the writing has a thread of its own, one at a time.
 */
public final class RdbFile {
  /** Writes an RDB of what a checkpoint holds. */
  @FunctionalInterface
  public interface Writer {
    /**
     * @return bytes written
     */
    long write(Checkpoint checkpoint, Map<String, String> auxiliary, WritableByteChannel out)
        throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(RdbFile.class);
  private final BooleanSupplier wanted;
  private final Supplier<Path> path;
  private final Supplier<Optional<Checkpoint>> newest;
  private final Writer writer;
  private final SpaceFloor floor;
  private final Executor engine;
  private boolean running;
  private boolean lastOk = true;
  private long lastSaveBeforeMs;

  /**
   * @param wanted whether there is to be one
   * @param path where it is to be
   * @param newest the newest checkpoint, retained
   * @param floor of the volume that it is written to
   */
  public RdbFile(
      BooleanSupplier wanted,
      Supplier<Path> path,
      Supplier<Optional<Checkpoint>> newest,
      Writer writer,
      SpaceFloor floor,
      Executor engine) {
    this.wanted = wanted;
    this.path = path;
    this.newest = newest;
    this.writer = writer;
    this.floor = floor;
    this.engine = engine;
  }

  /** Has {@code snapshots} make a snapshot, and an RDB of it if that is wanted. */
  public void save(SnapshotDuty snapshots, String reason, SnapshotDuty.Outcome outcome) {
    long lastSaveMs = snapshots.statistics().lastSaveMs();
    snapshots.request(
        reason,
        failure -> {
          if (failure != null || !wanted.getAsBoolean()) {
            lastOk |= failure == null;
            outcome.ended(failure);
          } else {
            lastSaveBeforeMs = lastSaveMs;
            begin(outcome);
          }
        });
  }

  /** Whether one is being written: the save that it belongs to has not ended. */
  public boolean isRunning() {
    return running;
  }

  /** Whether the last one that was wanted is there. */
  public boolean lastOk() {
    return lastOk;
  }

  /** The time of the last save, which is over when its RDB is there. */
  public long lastSaveMs(SnapshotDuty snapshots) {
    return running ? lastSaveBeforeMs : snapshots.statistics().lastSaveMs();
  }

  /** Writes one of the newest checkpoint. */
  void begin(SnapshotDuty.Outcome outcome) {
    Checkpoint checkpoint = newest.get().orElse(null);
    if (checkpoint == null) {
      end("the snapshot is gone", outcome);
      return;
    }
    running = true;
    Path target = path.get();
    Thread thread = new Thread(() -> write(checkpoint, target, outcome), "rdb-file");
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (OutOfMemoryError e) {
      checkpoint.release();
      end("there is no thread for the RDB: " + e.getMessage(), outcome);
    }
  }

  private void write(Checkpoint checkpoint, Path target, SnapshotDuty.Outcome outcome) {
    String failure = "the RDB ended before its time";
    long startedNanos = System.nanoTime();
    try {
      long bytes = writeAndRename(checkpoint, target);
      failure = null;
      LOG.info(
          "RDB of offset {} saved to {}: {} bytes in {} ms",
          checkpoint.offset(),
          target,
          bytes,
          (System.nanoTime() - startedNanos) / 1_000_000);
    } catch (IOException | RuntimeException | Error e) {
      // Whatever it is: it must not be in progress, nor a SAVE wait, for ever.
      failure =
          "the RDB could not be written: "
              + (e instanceof IOException ? LogException.reasonOf(e) : e);
      LOG.error("RDB of offset {} not saved to {}", checkpoint.offset(), target, e);
    } finally {
      String ended = failure;
      try {
        checkpoint.release();
      } finally {
        engine.execute(() -> end(ended, outcome));
      }
    }
  }

  private long writeAndRename(Checkpoint checkpoint, Path target) throws IOException {
    floor.require(checkpoint.totalBytes());
    Path making = target.resolveSibling(target.getFileName() + ".making");
    try (FileChannel out =
        FileChannel.open(
            making,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      Map<String, String> auxiliary =
          RdbAuxiliary.of(checkpoint.meta(), checkpoint.meta().replicationId());
      long bytes = writer.write(checkpoint, auxiliary, floor.above(out));
      out.force(true);
      DirectoryDisk.SYSTEM.rename(making, target);
      DirectoryDisk.SYSTEM.force(target.toAbsolutePath().getParent());
      return bytes;
    } catch (IOException | RuntimeException | Error e) {
      deleteAfter(e, making);
      throw e;
    }
  }

  private static void deleteAfter(Throwable cause, Path making) {
    try {
      Files.deleteIfExists(making);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private void end(String failure, SnapshotDuty.Outcome outcome) {
    running = false;
    lastOk = failure == null;
    outcome.ended(failure);
  }
}
