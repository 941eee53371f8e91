package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data directory, locked: {@code LOCK}, {@code CURRENT} and the generations. {@code CURRENT}
 * holds the name of the live one and changes by one forced rename, so that a crash leaves the old
 * or the new, never a mixture.
 *
 * <p>Thread: one at a time, and never the engine's: every call waits for the disk.
 */
public final class DataDirectory implements AutoCloseable {
  static final String CURRENT = "CURRENT";

  /** In a generation that was never live: whatever it holds, nobody was told that it is safe. */
  static final String BUILDING = "BUILDING";

  /** Free space beyond a snapshot's files: the new log's first segment. */
  private static final long SPARE_BYTES = 64L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
  private static final Pattern GENERATION = Pattern.compile(Generation.PREFIX + "([1-9]\\d{0,8})");

  private final Path directory;
  private final DirectoryLock lock;

  private DataDirectory(Path directory, DirectoryLock lock) {
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Makes the directory if it is missing, and locks it.
   *
   * @throws RecoveryException if another process has it, or it cannot be written
   */
  public static DataDirectory open(Path directory) {
    try {
      Files.createDirectories(directory);
      return new DataDirectory(directory, DirectoryLock.take(directory));
    } catch (IOException e) {
      throw new RecoveryException("cannot use data directory " + directory + ": " + e, e);
    }
  }

  public Path directory() {
    return directory;
  }

  /**
   * The live generation; empty in a fresh directory.
   *
   * @throws RecoveryException if {@code CURRENT} names none, or is missing beside data
   */
  public Optional<Generation> current() {
    return current(directory);
  }

  static Optional<Generation> current(Path directory) {
    Path file = directory.resolve(CURRENT);
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      String name = Files.readString(file, StandardCharsets.UTF_8).strip();
      Optional<Generation> generation = parse(directory.resolve(name));
      if (generation.isEmpty() || !Files.isDirectory(generation.get().directory())) {
        throw new RecoveryException(file + " names '" + name + "', which is no generation here");
      }
      return generation;
    } catch (IOException e) {
      throw new RecoveryException("cannot read " + file + ": " + e, e);
    }
  }

  /** All generations, by number. */
  public List<Generation> generations() {
    return generations(directory);
  }

  static List<Generation> generations(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .flatMap(path -> parse(path).stream())
          .sorted(Comparator.comparingInt(Generation::number))
          .collect(Collectors.toList());
    } catch (IOException e) {
      throw new RecoveryException("cannot list " + directory + ": " + e, e);
    }
  }

  /** Makes the directories of a new generation beside the others; it is not yet the live one. */
  public Generation newGeneration() {
    List<Generation> all = generations();
    int number = all.isEmpty() ? 1 : all.get(all.size() - 1).number() + 1;
    Generation made = new Generation(number, directory.resolve(Generation.PREFIX + number));
    try {
      Files.createDirectory(made.directory());
      Files.createFile(made.directory().resolve(BUILDING));
      Files.createDirectory(made.log());
      Files.createDirectory(made.snapshots());
      force(made.directory());
      force(directory);
      return made;
    } catch (IOException e) {
      throw new RecoveryException("cannot make " + made.directory() + ": " + e, e);
    }
  }

  /** Whether {@code generation} was never live, so that nothing acknowledged is in it. */
  boolean isUnborn(Generation generation) {
    try (Stream<Path> entries = Files.list(generation.directory())) {
      return Files.exists(generation.directory().resolve(BUILDING)) || entries.findAny().isEmpty();
    } catch (IOException e) {
      throw new RecoveryException("cannot list " + generation.directory() + ": " + e, e);
    }
  }

  /** Makes {@code generation} the live one. REQUIRES: everything in it is forced. */
  public void switchTo(Generation generation) {
    Path next = directory.resolve(CURRENT + ".next");
    try {
      Files.writeString(next, generation + "\n", StandardCharsets.UTF_8);
      force(next);
      Files.move(next, directory.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE);
      force(directory);
    } catch (IOException e) {
      throw new RecoveryException("cannot switch " + directory + " to " + generation + ": " + e, e);
    }
    markLive(generation);
  }

  /** Takes the mark of a generation in the making away, where a crash after the switch left it. */
  void markLive(Generation generation) {
    try {
      if (Files.deleteIfExists(generation.directory().resolve(BUILDING))) {
        force(generation.directory());
      }
    } catch (IOException e) {
      throw new RecoveryException("cannot write " + generation.directory() + ": " + e, e);
    }
  }

  /** Removes every generation but {@code kept}. One that cannot be removed is reported and left. */
  public void removeOthers(Generation kept) {
    removeOthers(kept, false);
  }

  /**
   * Removes every generation but {@code kept}. One that cannot be removed is reported and left.
   *
   * @param incoming whether what a full sync has brought so far stays, so that it can go on
   */
  public void removeOthers(Generation kept, boolean incoming) {
    int goesOn =
        incoming
            ? IncomingFiles.find(directory).map(found -> found.generation().number()).orElse(0)
            : 0;
    for (Generation generation : generations()) {
      if (generation.number() != kept.number() && generation.number() != goesOn) {
        remove(generation);
      }
    }
  }

  /** Removes a generation that is not the live one. */
  public void remove(Generation generation) {
    if (current().map(Generation::number).equals(Optional.of(generation.number()))) {
      throw new IllegalArgumentException(generation + " is the live generation");
    }
    try {
      for (Path path : deepestFirst(generation.directory())) {
        Files.deleteIfExists(path);
      }
      LOG.info("Removed {}", generation.directory());
    } catch (IOException e) {
      LOG.warn("Cannot remove {}", generation.directory(), e);
    }
  }

  /**
   * A master of {@code replicationId} stops here, and its log is closed as clean: the next start in
   * this very directory, and in no copy of it, may go on under that id.
   */
  public void stoppedAsMaster(String replicationId) {
    try {
      Instance.write(directory, replicationId);
    } catch (IOException e) {
      LOG.warn("Cannot write {}; the next start takes a new replication id", Instance.NAME, e);
    }
  }

  /** Why a master cannot go on under this id here, however clean the log is; null if it can. */
  String otherInstance(String replicationId) {
    try {
      return Instance.mismatch(directory, replicationId);
    } catch (IOException e) {
      throw new RecoveryException("cannot read " + directory.resolve(Instance.NAME) + ": " + e, e);
    }
  }

  /** Bytes that may still be written on the volume. */
  public long usableBytes() {
    try {
      return Files.getFileStore(directory).getUsableSpace();
    } catch (IOException e) {
      throw new RecoveryException("cannot ask for the free space of " + directory + ": " + e, e);
    }
  }

  /**
   * Asks whether the volume has room for a further generation.
   *
   * @param bytes of its snapshot, or fewer than 0 if that is not known
   * @throws RecoveryException if it has not
   */
  public void requireUsable(long bytes) {
    if (usableBytes() < Math.max(0, bytes) + SPARE_BYTES) {
      throw new RecoveryException(
          "the volume has no room for "
              + Math.max(0, bytes)
              + " bytes and a log beside the live generation");
    }
  }

  /** Gives the directory up. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new RecoveryException("cannot unlock " + directory + ": " + e, e);
    }
  }

  private static List<Path> deepestFirst(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      List<Path> all = paths.collect(Collectors.toCollection(ArrayList::new));
      all.sort(Comparator.reverseOrder());
      return all;
    }
  }

  private static Optional<Generation> parse(Path path) {
    Matcher matcher = GENERATION.matcher(path.getFileName().toString());
    return matcher.matches()
        ? Optional.of(new Generation(Integer.parseInt(matcher.group(1)), path))
        : Optional.empty();
  }

  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
