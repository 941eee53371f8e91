package org.chronolith.server.recovery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.MetaFile;
import org.chronolith.replicationlog.LogCopy;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a data directory of its own out of the live one while the node serves: the newest
 * checkpoint and the log, by hard links to what never changes and by a copy of the newest segment.
 * It holds everything that was acknowledged before it was asked for. The mark {@link ForkMark} in
 * it makes a node that starts on it take an id of its own.
 *
 * <p>It is built beside its place, as {@code <name>.making}, and gets its name by one rename after
 * everything in it was forced: a directory of that name is a whole backup.
 *
 * <p>Threads: {@link #start} and {@link #neededFrom} belong to the engine; each backup is made by a
 * thread {@code backup} of its own.
 */
public final class Backup {
  /** What was made. */
  public record Made(
      Path directory,
      long offset,
      String replicationId,
      long checkpointOffset,
      long logStartOffset,
      int linkedFiles,
      long linkedBytes,
      int copiedFiles,
      long copiedBytes,
      long elapsedMs) {}

  private static final Logger LOG = LoggerFactory.getLogger(Backup.class);
  private static final String MAKING = ".making";

  private final Supplier<Recovered> live;
  private final Supplier<Path> dataDirectory;
  private final SnapshotStream stream;
  private final Executor engine;
  private boolean running;
  private long neededFrom = Long.MAX_VALUE;

  /**
   * @param engine runs a task on the engine thread, from any thread
   */
  public Backup(
      Supplier<Recovered> live,
      Supplier<Path> dataDirectory,
      SnapshotStream stream,
      Executor engine) {
    this.live = live;
    this.dataDirectory = dataDirectory;
    this.stream = stream;
    this.engine = engine;
  }

  /** Lowest offset of the log that a running backup needs; {@code Long.MAX_VALUE} if none runs. */
  public long neededFrom() {
    return neededFrom;
  }

  /**
   * Begins a backup; one of the outcomes follows on the engine thread.
   *
   * @param target absolute; missing, or an empty directory
   * @throws RecoveryException if it cannot be begun
   */
  public void start(Path target, Consumer<Made> made, Consumer<String> failed) {
    if (running) {
      throw new RecoveryException("a backup is being made already");
    }
    if (live.get() == null) {
      throw new RecoveryException("the data is not loaded yet");
    }
    if (!target.isAbsolute()) {
      throw new RecoveryException("the path of a backup must be absolute: " + target);
    }
    Path data = dataDirectory.get();
    Recovered from = live.get();
    stream.appendStaged();
    Optional<Checkpoint> checkpoint = from.snapshots().retainNewest();
    neededFrom = checkpoint.map(Checkpoint::offset).orElse(from.log().startOffset());
    running = true;
    try {
      new Thread(() -> run(from, data, checkpoint, target, made, failed), "backup").start();
    } catch (OutOfMemoryError e) {
      checkpoint.ifPresent(Checkpoint::release);
      ended();
      throw new RecoveryException("there is no thread for it: " + e.getMessage(), e);
    }
  }

  private void ended() {
    running = false;
    neededFrom = Long.MAX_VALUE;
  }

  private void run(
      Recovered from,
      Path data,
      Optional<Checkpoint> checkpoint,
      Path target,
      Consumer<Made> made,
      Consumer<String> failed) {
    Runnable outcome = () -> failed.accept("it ended before its time");
    try {
      Made result = make(from, data, checkpoint, target.normalize());
      LOG.info(
          "Backup of offset {} in {}: {} files linked, {} copied ({} bytes), {} ms",
          result.offset(),
          result.directory(),
          result.linkedFiles(),
          result.copiedFiles(),
          result.copiedBytes(),
          result.elapsedMs());
      outcome = () -> made.accept(result);
    } catch (IOException | RuntimeException | Error e) {
      // Whatever it is: the log must not be held, nor the client wait, for ever.
      outcome = () -> failed.accept(reason(e));
      LOG.error("Backup into {} failed", target, e);
    } finally {
      Runnable told = outcome;
      try {
        checkpoint.ifPresent(Checkpoint::release);
      } finally {
        engine.execute(
            () -> {
              ended();
              told.run();
            });
      }
    }
  }

  private static String reason(Throwable e) {
    boolean isSaid =
        e instanceof LogException || e instanceof EngineException || e instanceof RecoveryException;
    return isSaid || e instanceof IOException || e instanceof UncheckedIOException
        ? LogException.reasonOf(e)
        : e.toString();
  }

  private Made make(Recovered from, Path data, Optional<Checkpoint> checkpoint, Path target)
      throws IOException {
    long startedNanos = System.nanoTime();
    checkOutside(data.toRealPath(), real(target));
    ReplicationLog log = from.log();
    log.sync();
    Path making = target.resolveSibling(target.getFileName() + MAKING);
    checkPlace(target, making);
    Files.createDirectory(making);
    try {
      Copier copier = new Copier();
      Generation generation = new Generation(1, making.resolve(Generation.PREFIX + 1));
      Files.createDirectories(generation.snapshots());
      Files.createDirectory(generation.log());
      if (checkpoint.isPresent()) {
        copyCheckpoint(checkpoint.get(), generation, copier);
      }
      if (from.generation().hasBase()) {
        Files.createFile(generation.directory().resolve(Generation.BASE));
      }
      LogCopy copied = log.copyTo(generation.log());
      long needed = checkpoint.map(Checkpoint::offset).orElse(0L);
      if (copied.startOffset() > needed || copied.endOffset() < needed) {
        throw new RecoveryException(
            "the log was trimmed to offset " + copied.startOffset() + " meanwhile");
      }
      for (Path made : List.of(generation.snapshots(), generation.log(), generation.directory())) {
        force(made);
      }
      String id = log.history().currentId();
      new ForkMark("backup", id, copied.endOffset(), System.currentTimeMillis()).write(making);
      Path current = making.resolve(DataDirectory.CURRENT);
      Files.writeString(current, generation + "\n", StandardCharsets.UTF_8);
      force(current);
      force(making);
      Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
      force(target.getParent());
      return new Made(
          target,
          copied.endOffset(),
          id,
          checkpoint.map(Checkpoint::offset).orElse(-1L),
          copied.startOffset(),
          copied.linkedFiles() + copier.linkedFiles,
          copied.linkedBytes() + copier.linkedBytes,
          copied.copiedFiles() + copier.copiedFiles,
          copied.copiedBytes() + copier.copiedBytes,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos));
    } catch (IOException | RuntimeException | Error e) {
      removeQuietly(making);
      throw e;
    }
  }

  /** Without symbolic links, up to where nothing is there yet. */
  private static Path real(Path target) throws IOException {
    Path there = target.normalize();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    return there.toRealPath().resolve(there.relativize(target.normalize())).normalize();
  }

  private static void checkOutside(Path data, Path target) {
    if (target.startsWith(data) || data.startsWith(target)) {
      throw new RecoveryException(
          "a backup must not lie in the data directory " + data + ", nor around it");
    }
  }

  private static void checkPlace(Path target, Path making) throws IOException {
    if (!Files.isDirectory(target.getParent())) {
      throw new RecoveryException("there is no directory " + target.getParent() + "; make it");
    }
    if (Files.exists(making)) {
      throw new RecoveryException(
          making + " is what a backup left that was cut short; remove it first");
    }
    if (Files.isDirectory(target)) {
      if (!Files.getFileStore(target).equals(Files.getFileStore(target.getParent()))) {
        // It takes its name by a rename.
        throw new RecoveryException(
            target + " is where a volume is mounted; name a directory in it, which is made");
      }
      try (Stream<Path> entries = Files.list(target)) {
        if (entries.findAny().isPresent()) {
          throw new RecoveryException(target + " is not empty; give a new name");
        }
      }
    } else if (Files.exists(target)) {
      throw new RecoveryException(target + " is a file; give a new name");
    }
  }

  private static void copyCheckpoint(Checkpoint checkpoint, Generation to, Copier copier)
      throws IOException {
    Path directory = to.snapshots().resolve(checkpoint.toString());
    Files.createDirectory(directory);
    List<String> names = new ArrayList<>();
    checkpoint.files().forEach(file -> names.add(file.name()));
    names.add(MetaFile.NAME);
    for (String name : names) {
      copier.take(checkpoint.directory().resolve(name), directory.resolve(name));
    }
    force(directory);
  }

  /** Links files that never change, or copies them where a link cannot be. */
  private static final class Copier {
    private int linkedFiles;
    private long linkedBytes;
    private int copiedFiles;
    private long copiedBytes;

    void take(Path existing, Path name) throws IOException {
      long bytes = Files.size(existing);
      try {
        Files.createLink(name, existing);
        linkedFiles++;
        linkedBytes += bytes;
      } catch (NoSuchFileException e) {
        throw e;
      } catch (FileSystemException | UnsupportedOperationException e) {
        Files.copy(existing, name);
        force(name);
        copiedFiles++;
        copiedBytes += bytes;
      }
    }
  }

  private static void removeQuietly(Path making) {
    if (!Files.exists(making)) {
      // It has its name already.
      return;
    }
    try (Stream<Path> paths = Files.walk(making)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("Cannot remove {}", making, e);
    }
  }

  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
