package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.chronolith.engine.EngineException;

/**
 * The checkpoints in a store's directory: which is the newest, which older ones are kept, which are
 * damaged. It gives a directory the name of a complete checkpoint, and removes or sets aside what
 * is of no use any more once nobody retains it.
 *
 * <p>Thread: any, except where said.
 */
final class CheckpointSet {
  private static final String MAKING = "making-";

  private final SnapshotConfig config;
  private final SnapshotListener listener;
  private final SnapshotDisk disk;
  private final SnapshotThread thread;

  /**
   * Directories that look like checkpoints and are not, or whose name may not be on disk; removed
   * once a newer one is complete.
   */
  private final List<Path> damaged = new ArrayList<>();

  /** Those whose files turned out to be damaged, until they are set aside; guarded by older. */
  private final List<Checkpoint> distrusted = new ArrayList<>();

  private volatile Checkpoint newest;

  /** Complete ones before the newest, newest first; guarded by itself, as is a change of both. */
  private final Deque<Checkpoint> older = new ArrayDeque<>();

  CheckpointSet(
      SnapshotConfig config, SnapshotListener listener, SnapshotDisk disk, SnapshotThread thread) {
    this.config = config;
    this.listener = listener;
    this.disk = disk;
    this.thread = thread;
  }

  /**
   * Finds the complete checkpoints, the oldest first, and removes those that were being made. The
   * caller gives each to {@link #supersede}. Thread: the one that opens the store.
   *
   * @throws IOException if the directory cannot be read
   */
  List<Checkpoint> scan() throws IOException {
    // A name that a process which died has given may not be on disk yet, and what is older goes
    // now.
    disk.force(config.directory());
    SortedMap<CheckpointName, Checkpoint> found = new TreeMap<>();
    for (Path path : CheckpointFiles.list(config.directory())) {
      Optional<CheckpointName> name = CheckpointName.parse(path);
      if (name.isEmpty()) {
        if (path.getFileName().toString().startsWith(MAKING)) {
          listener.ignored(path, "half-made: its snapshot was cut short");
          disk.remove(path);
        }
        continue;
      }
      try {
        MetaFile meta = CheckpointFiles.verify(path, false);
        found.put(name.get(), new Checkpoint(path, meta, this::removeLater));
      } catch (EngineException e) {
        listener.ignored(path, e.getMessage());
        damaged.add(path);
      } catch (IOException e) {
        if (!CheckpointFiles.isDamage(e)) {
          throw e;
        }
        listener.ignored(path, "cannot be read: " + e);
        damaged.add(path);
      }
    }
    return List.copyOf(found.values());
  }

  Optional<Checkpoint> newest() {
    return Optional.ofNullable(newest);
  }

  boolean isNewest(Checkpoint checkpoint) {
    return newest == checkpoint;
  }

  /** As {@link SnapshotStore#retainNewest}. */
  Optional<Checkpoint> retainNewest() {
    for (; ; ) {
      Checkpoint checkpoint = newest;
      if (checkpoint == null || checkpoint.retain()) {
        return Optional.ofNullable(checkpoint);
      }
    }
  }

  /**
   * The newest one that is {@code wanted}, among the newest and the older ones that are kept;
   * retained for the caller, who releases it.
   */
  Optional<Checkpoint> retainFirst(Predicate<Checkpoint> wanted) {
    synchronized (older) {
      Checkpoint last = newest;
      if (last != null && wanted.test(last) && last.retain()) {
        return Optional.of(last);
      }
      for (Checkpoint checkpoint : older) {
        if (wanted.test(checkpoint) && checkpoint.retain()) {
          return Optional.of(checkpoint);
        }
      }
    }
    return Optional.empty();
  }

  /** As {@link SnapshotStore#dropOlder}. */
  void dropOlder(long offset) {
    List<Checkpoint> dropped = new ArrayList<>();
    synchronized (older) {
      while (!older.isEmpty() && older.peekLast().offset() < offset) {
        dropped.add(older.pollLast());
      }
    }
    dropped.forEach(Checkpoint::release);
  }

  /** What a checkpoint of all data takes, or so, in bytes; 0 if there never was one. */
  long dataBytes() {
    Checkpoint base = newest;
    if (base != null) {
      return base.totalBytes();
    }
    synchronized (older) {
      return distrusted.isEmpty() ? 0 : distrusted.get(0).totalBytes();
    }
  }

  /** Directories that were found damaged or half-made, and are not used. */
  List<Path> damaged() {
    List<Path> all = new ArrayList<>();
    synchronized (damaged) {
      all.addAll(damaged);
    }
    synchronized (older) {
      distrusted.forEach(checkpoint -> all.add(checkpoint.directory()));
    }
    return all;
  }

  /** As {@link SnapshotStore#distrustNewest}. */
  void distrustNewest() {
    synchronized (older) {
      distrusted.add(newest);
      newest = older.pollFirst();
    }
  }

  /**
   * Takes out of use whichever shares the damaged {@code file} of {@code checkpoint}. Thread:
   * {@code snapshot}, so that none is added meanwhile.
   */
  void distrust(Checkpoint checkpoint, String file) {
    Path damagedFile = checkpoint.directory().resolve(file);
    // The disk is asked without the lock, which the engine thread may want.
    List<Checkpoint> sharing = new ArrayList<>();
    for (Checkpoint one : all()) {
      if (one == checkpoint || shares(damagedFile, one)) {
        sharing.add(one);
      }
    }
    synchronized (older) {
      List<Checkpoint> sound = new ArrayList<>();
      for (Checkpoint one : all()) {
        (sharing.contains(one) ? distrusted : sound).add(one);
      }
      older.clear();
      older.addAll(sound);
      newest = older.pollFirst();
    }
  }

  /** Newest first. */
  private List<Checkpoint> all() {
    synchronized (older) {
      List<Checkpoint> all = new ArrayList<>(older);
      if (newest != null) {
        all.add(0, newest);
      }
      return all;
    }
  }

  /** Whether {@code one} has that file, too, or may have it. */
  private static boolean shares(Path damagedFile, Checkpoint one) {
    Path file = one.directory().resolve(damagedFile.getFileName());
    try {
      return CheckpointFiles.isSame(damagedFile, file);
    } catch (IOException e) {
      // The disk does not even say which file it is.
      return true;
    }
  }

  /** Whether one is out of use since it is damaged, and was not set aside yet. */
  boolean hasDistrusted() {
    synchronized (older) {
      return !distrusted.isEmpty();
    }
  }

  /** As {@link SnapshotStore#setDistrustedAside}. */
  void setDistrustedAside() {
    List<Checkpoint> aside;
    synchronized (older) {
      aside = List.copyOf(distrusted);
      distrusted.clear();
    }
    aside.forEach(
        checkpoint -> {
          checkpoint.distrust();
          checkpoint.release();
        });
  }

  /** Where the checkpoint at {@code offset} is made, until it is published. */
  Path making(long offset) {
    return config.directory().resolve(MAKING + offset);
  }

  /**
   * Makes {@code complete}, whose files are on disk or are forced later, the newest checkpoint. The
   * last steps, in this order: everything inside is on disk before its name says complete. Thread:
   * {@code snapshot}.
   *
   * @throws ForceFailedException if the directory's entry, or those in it, may not be on disk
   * @throws IOException if it cannot be renamed
   */
  Checkpoint publish(Path complete, MetaFile meta) throws IOException {
    ForceFailedException.force(disk, complete);
    CheckpointName name = new CheckpointName(meta.meta().offset(), 0);
    while (Files.exists(config.directory().resolve(name.toString()))) {
      name = name.next();
    }
    Path target = config.directory().resolve(name.toString());
    disk.rename(complete, target);
    try {
      ForceFailedException.force(disk, config.directory());
    } catch (ForceFailedException e) {
      withdraw(target);
      throw e;
    }
    Checkpoint made = new Checkpoint(target, meta, this::removeLater);
    supersede(made);
    setDistrustedAside();
    synchronized (damaged) {
      for (Iterator<Path> paths = damaged.iterator(); paths.hasNext(); paths.remove()) {
        remove(paths.next());
      }
    }
    return made;
  }

  /** What has the name of a complete checkpoint and is none would hold its space unseen. */
  private void withdraw(Path target) {
    try {
      disk.remove(target);
    } catch (IOException e) {
      listener.notRemoved(target, e.toString());
      synchronized (damaged) {
        damaged.add(target);
      }
    }
  }

  /** Makes it the newest one; of those before, as many stay as are wanted. */
  void supersede(Checkpoint made) {
    List<Checkpoint> dropped = new ArrayList<>();
    synchronized (older) {
      Checkpoint before = newest;
      newest = made;
      if (before != null && before.offset() < made.offset()) {
        older.addFirst(before);
      } else if (before != null) {
        // The same state: one is enough.
        dropped.add(before);
      }
      while (older.size() > config.olderCheckpoints().getAsInt()) {
        dropped.add(older.pollLast());
      }
    }
    dropped.forEach(Checkpoint::release);
  }

  private void removeLater(Checkpoint superseded) {
    if (thread.isCurrent()) {
      // Its space may be wanted for what comes next.
      letGo(superseded);
      return;
    }
    try {
      thread.execute(() -> letGo(superseded));
    } catch (RejectedExecutionException e) {
      listener.notRemoved(superseded.directory(), "the store is closed");
    }
  }

  /** Snapshot thread: nobody reads it any more. */
  private void letGo(Checkpoint unused) {
    if (unused.isDistrusted()) {
      setAside(unused);
    } else {
      remove(unused.directory());
    }
  }

  private void setAside(Checkpoint damagedOne) {
    Path from = damagedOne.directory();
    Path to =
        config
            .directory()
            .resolve(
                SnapshotStore.DAMAGED + damagedOne.offset() + "-" + System.currentTimeMillis());
    try {
      disk.rename(from, to);
      disk.force(config.directory());
      listener.setAside(from, to);
    } catch (IOException e) {
      listener.notRemoved(from, e.toString());
    }
  }

  /** Removes a directory; if that cannot be done, the listener hears of it. */
  void remove(Path directory) {
    try {
      disk.remove(directory);
    } catch (IOException e) {
      listener.notRemoved(directory, e.toString());
    }
  }
}
