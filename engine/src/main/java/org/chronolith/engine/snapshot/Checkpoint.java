package org.chronolith.engine.snapshot;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * An immutable directory that holds the complete state at one offset. It stays on disk while
 * somebody retains it: the store retains the newest one, a full sync the one that it sends.
 *
 * <p>Thread: any.
 */
public final class Checkpoint {
  private final Path directory;
  private final MetaFile metaFile;
  private final Consumer<Checkpoint> onLastRelease;
  private final AtomicInteger references = new AtomicInteger(1);
  private volatile boolean distrusted;

  Checkpoint(Path directory, MetaFile metaFile, Consumer<Checkpoint> onLastRelease) {
    this.directory = directory;
    this.metaFile = metaFile;
    this.onLastRelease = onLastRelease;
  }

  public Path directory() {
    return directory;
  }

  public SnapshotMeta meta() {
    return metaFile.meta();
  }

  /** Replication offset S at which the data is complete. */
  public long offset() {
    return metaFile.meta().offset();
  }

  /**
   * Names what is in it: offset and checksum of META, which has the checksum of every file. Two
   * checkpoints with the same name, of this process or another, have the same bytes.
   */
  public String id() {
    return metaFile.id();
  }

  /** All files but META, by name. */
  public List<CheckpointFile> files() {
    return metaFile.files();
  }

  /** Bytes of {@link #files()}, those shared with other checkpoints included. */
  public long totalBytes() {
    return metaFile.totalBytes();
  }

  /** The file META as it is on disk, for whoever sends the checkpoint elsewhere. */
  public byte[] metaBytes() {
    return metaFile.encode();
  }

  /**
   * Keeps the directory until a matching {@link #release()}.
   *
   * @return false if it is already on its way out
   */
  public boolean retain() {
    for (; ; ) {
      int count = references.get();
      if (count == 0) {
        return false;
      }
      if (references.compareAndSet(count, count + 1)) {
        return true;
      }
    }
  }

  /** One of its files is damaged: it is kept for whoever wants to look at it. */
  void distrust() {
    distrusted = true;
  }

  boolean isDistrusted() {
    return distrusted;
  }

  /** Gives back one {@link #retain()}. */
  public void release() {
    int count = references.decrementAndGet();
    if (count < 0) {
      throw new IllegalStateException(directory + " released more often than retained");
    }
    if (count == 0) {
      onLastRelease.accept(this);
    }
  }

  @Override
  public String toString() {
    return directory.getFileName().toString();
  }
}
