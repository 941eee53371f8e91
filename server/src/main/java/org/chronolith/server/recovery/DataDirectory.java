package org.chronolith.server.recovery;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.replicationlog.LogException;
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

  /**
   * While a tool makes the directory: what is in it is a part of something, and looks like none.
   */
  static final String UNFINISHED = "UNFINISHED";

  /** Free space beyond a snapshot's files: the new log's first segment. */
  private static final long SPARE_BYTES = 64L << 20;

  /** Ends the name of a generation that is being removed. */
  static final String REMOVING = ".removing";

  /** Files that change by a forced rename. */
  private static final List<String> REPLACED =
      List.of(CURRENT, UNFINISHED, Instance.NAME, NodeId.FILE, ForkMark.NAME, "REPLICAS");

  private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
  private static final Pattern GENERATION = Pattern.compile(Generation.PREFIX + "([1-9]\\d{0,8})");

  private final Path directory;
  private final DirectoryLock lock;
  private final DirectoryDisk disk;

  private DataDirectory(Path directory, DirectoryLock lock, DirectoryDisk disk) {
    this.directory = directory;
    this.lock = lock;
    this.disk = disk;
  }

  /**
   * Makes the directory if it is missing, on disk with its name, and locks it.
   *
   * @throws RecoveryException if another process has it, or it cannot be written
   */
  public static DataDirectory open(Path directory) {
    return open(directory, DirectoryDisk.SYSTEM);
  }

  /** The same on another disk. */
  public static DataDirectory open(Path directory, DirectoryDisk disk) {
    try {
      make(directory.toAbsolutePath(), disk);
      return new DataDirectory(directory, DirectoryLock.take(directory), disk);
    } catch (IOException e) {
      throw RecoveryException.of("cannot use data directory " + directory, e);
    }
  }

  /**
   * A name is on disk when the directory that it is in was forced: without that, a power loss takes
   * the data directory away with all that was forced in it. As long as there is no data, every
   * directory above is forced that this process could have made a name in, not those alone that it
   * made now: an earlier start may have been killed between the two.
   */
  private static void make(Path directory, DirectoryDisk disk) throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    for (Path at = directory; at != null && !Files.exists(at); at = at.getParent()) {
      missing.push(at);
    }
    for (Path one : missing) {
      try {
        disk.createDirectory(one);
      } catch (FileAlreadyExistsException e) {
        // Another node may be making its own directory beside this one.
        if (!Files.isDirectory(one)) {
          throw e;
        }
      }
    }
    if (Files.exists(directory.resolve(CURRENT))) {
      return;
    }
    disk.force(directory);
    for (Path at = directory.getParent();
        at != null && Files.isWritable(at) && Files.isReadable(at);
        at = at.getParent()) {
      disk.force(at);
    }
  }

  /** Whether {@code directory} is missing, or has nothing in it but what {@link #open} makes. */
  public static boolean isEmpty(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return true;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.allMatch(entry -> entry.getFileName().toString().equals(DirectoryLock.NAME));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * From now on, also after a crash, the directory is neither started nor read, until it is {@link
   * #finished}.
   */
  public void unfinished() throws IOException {
    ForcedFile.write(disk, directory.resolve(UNFINISHED), "");
  }

  public void finished() throws IOException {
    disk.delete(directory.resolve(UNFINISHED));
    disk.force(directory);
  }

  /**
   * @throws RecoveryException if it is {@link #unfinished}
   */
  static void requireFinished(Path directory) {
    Path mark = directory.resolve(UNFINISHED);
    if (Files.exists(mark)) {
      throw new RecoveryException(
          mark
              + " says that the restore or import that was making "
              + directory
              + " has not come to its end: remove the directory and make it again");
    }
  }

  /**
   * Takes back all that was made in the directory, and the directory itself if it is among {@code
   * made}, with the others there; {@link #close} remains. REQUIRES: {@link #isEmpty} was true after
   * it was opened.
   *
   * @param made directories that were missing before it was opened, the innermost first
   */
  public void undo(List<Path> made) throws IOException {
    // First of all: what it names is about to go.
    disk.delete(directory.resolve(CURRENT));
    disk.delete(directory.resolve(CURRENT + ForcedFile.NEXT));
    for (Generation generation : generations()) {
      removeTree(generation.directory());
    }
    disk.delete(directory.resolve(UNFINISHED));
    lock.remove(directory);
    for (Path one : made) {
      try {
        disk.delete(one);
      } catch (DirectoryNotEmptyException e) {
        // Somebody has put something there meanwhile.
        return;
      }
    }
  }

  public Path directory() {
    return directory;
  }

  /** What is done to the directory is done through it. */
  public DirectoryDisk disk() {
    return disk;
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
      String name = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
      Optional<Generation> generation = parse(directory, name);
      if (generation.isEmpty() || !Files.isDirectory(generation.get().directory())) {
        throw new RecoveryException(
            file
                + " names '"
                + name.replaceAll("\\p{Cntrl}", "?")
                + "', which is no generation here; there are "
                + generations(directory)
                + ": write the name of the live one into it");
      }
      return generation;
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + file, e);
    }
  }

  /** All generations, by number. */
  public List<Generation> generations() {
    return generations(directory);
  }

  static List<Generation> generations(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .flatMap(path -> parse(directory, path.getFileName().toString()).stream())
          .sorted(Comparator.comparingInt(Generation::number))
          .collect(Collectors.toList());
    } catch (IOException | UncheckedIOException e) {
      throw RecoveryException.of("cannot list " + directory, e);
    }
  }

  /** Makes the directories of a new generation beside the others; it is not yet the live one. */
  public Generation newGeneration() {
    List<Generation> all = generations();
    int number = all.isEmpty() ? 1 : all.get(all.size() - 1).number() + 1;
    Generation made = new Generation(number, directory.resolve(Generation.PREFIX + number));
    try {
      disk.createDirectory(made.directory());
      disk.write(made.directory().resolve(BUILDING), "");
      // Before there is anything else in it: names reach the disk in any order.
      disk.force(made.directory());
      disk.createDirectory(made.log());
      disk.createDirectory(made.snapshots());
      disk.force(made.directory());
      disk.force(directory);
      return made;
    } catch (IOException e) {
      throw RecoveryException.of("cannot make " + made.directory(), e);
    }
  }

  /** Whether {@code generation} was never live, so that nothing acknowledged is in it. */
  boolean isUnborn(Generation generation) {
    try (Stream<Path> entries = Files.list(generation.directory())) {
      return Files.exists(generation.directory().resolve(BUILDING)) || entries.findAny().isEmpty();
    } catch (IOException e) {
      throw RecoveryException.of("cannot list " + generation.directory(), e);
    }
  }

  /**
   * Notes with what a generation begins, as {@link Generation#hasBase} says. REQUIRES: before it is
   * the live one.
   */
  public void begins(Generation generation, long offset, long keys) {
    if (offset == 0 && keys > 0) {
      hasBase(generation);
    }
  }

  /** Notes that {@code generation}, whose log may begin where the live one's does, begins as it. */
  void beginsAsLive(Generation generation) {
    if (current().orElseThrow().hasBase()) {
      hasBase(generation);
    }
  }

  private void hasBase(Generation generation) {
    try {
      disk.write(generation.directory().resolve(Generation.BASE), "");
      disk.force(generation.directory());
    } catch (IOException e) {
      throw RecoveryException.of("cannot write " + generation.directory(), e);
    }
  }

  /**
   * Makes {@code generation} the live one. REQUIRES: everything in it is forced.
   *
   * @throws SwitchedException if it failed, but the next start may go on with {@code generation}
   * @throws RecoveryException if it failed, and the generation that was live still is
   */
  public void switchTo(Generation generation) {
    try {
      ForcedFile.write(disk, directory.resolve(CURRENT), generation + "\n");
      deleteMark(generation);
    } catch (IOException e) {
      String problem =
          "cannot switch " + directory + " to " + generation + ": " + LogException.reasonOf(e);
      throw mayBeCurrent(generation)
          ? new SwitchedException(problem, e)
          : new RecoveryException(problem, e);
    }
  }

  /** After a failure: a rename that is not forced is there for whoever looks, and for the next. */
  private boolean mayBeCurrent(Generation generation) {
    try {
      return current().map(Generation::number).equals(Optional.of(generation.number()));
    } catch (RecoveryException e) {
      LOG.error("Nobody knows whether {} is the live generation", generation, e);
      return true;
    }
  }

  /** Takes the mark of a generation in the making away, where a crash after the switch left it. */
  void markLive(Generation generation) {
    try {
      deleteMark(generation);
    } catch (IOException e) {
      throw RecoveryException.of("cannot write " + generation.directory(), e);
    }
  }

  private void deleteMark(Generation generation) throws IOException {
    if (disk.delete(generation.directory().resolve(BUILDING))) {
      disk.force(generation.directory());
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

  /**
   * Removes every generation that was made before {@code kept}. One that cannot be removed is
   * reported and left.
   *
   * <p>While a node runs these are all that may go: one that is newer is a full sync or a rewind
   * that has begun meanwhile. The next start removes what is left of it.
   */
  public void removeOlder(Generation kept) {
    for (Generation generation : generations()) {
      if (generation.number() < kept.number()) {
        remove(generation);
      }
    }
  }

  /**
   * Removes what a crash left of removals and of files that were about to be replaced. REQUIRES: a
   * start, where nobody writes one of those files yet.
   */
  void removeLeftovers() {
    try {
      List<Path> leftovers;
      try (Stream<Path> entries = Files.list(directory)) {
        leftovers = entries.filter(DataDirectory::isLeftover).collect(Collectors.toList());
      }
      for (Path leftover : leftovers) {
        removeTree(leftover);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("Cannot remove what a crash left in {}", directory, e);
    }
  }

  private static boolean isLeftover(Path path) {
    String name = path.getFileName().toString();
    if (Files.isDirectory(path)) {
      return name.startsWith(Generation.PREFIX) && name.endsWith(REMOVING);
    }
    return REPLACED.stream().anyMatch(one -> name.equals(one + ForcedFile.NEXT));
  }

  void removeTree(Path tree) throws IOException {
    for (Path path : deepestFirst(tree)) {
      disk.delete(path);
    }
  }

  /** Removes a generation that is not the live one. */
  public void remove(Generation generation) {
    if (current().map(Generation::number).equals(Optional.of(generation.number()))) {
      throw new IllegalArgumentException(generation + " is the live generation");
    }
    try {
      // The removals in it reach the disk in any order: what is left of it must not look like data.
      Path removing = directory.resolve(generation + REMOVING);
      if (Files.exists(removing)) {
        removeTree(removing);
      }
      disk.rename(generation.directory(), removing);
      disk.force(directory);
      removeTree(removing);
      LOG.info("Removed {}", generation.directory());
    } catch (IOException e) {
      LOG.warn("Cannot remove {}", generation.directory(), e);
    }
  }

  /**
   * A master of {@code replicationId} stops here, and its log is closed as clean: the next start in
   * this very directory, and in no copy of it, may go on under that id.
   *
   * @param endOffset of the log
   */
  public void stoppedAsMaster(String replicationId, long endOffset) {
    try {
      Instance.write(disk, directory, replicationId, endOffset);
    } catch (IOException e) {
      LOG.warn("Cannot write {}; the next start takes a new replication id", Instance.NAME, e);
    }
  }

  /** The node goes on from where it was stopped. On disk before the first byte is appended. */
  void started() {
    try {
      Instance.remove(disk, directory);
    } catch (IOException e) {
      throw RecoveryException.of("cannot remove " + directory.resolve(Instance.NAME), e);
    }
  }

  /** As {@link Instance#whyNewId}. */
  String whyNewId(String replicationId, boolean clean, long endOffset, long claimedOffset) {
    try {
      return Instance.whyNewId(directory, replicationId, clean, endOffset, claimedOffset);
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + directory.resolve(Instance.NAME), e);
    }
  }

  /** Bytes that may still be written on the volume. */
  public long usableBytes() {
    try {
      return Files.getFileStore(directory).getUsableSpace();
    } catch (IOException e) {
      throw RecoveryException.of("cannot ask for the free space of " + directory, e);
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
      throw RecoveryException.of("cannot unlock " + directory, e);
    }
  }

  private static List<Path> deepestFirst(Path tree) throws IOException {
    try (Stream<Path> paths = Files.walk(tree)) {
      List<Path> all = paths.collect(Collectors.toCollection(ArrayList::new));
      all.sort(Comparator.reverseOrder());
      return all;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Optional<Generation> parse(Path directory, String name) {
    Matcher matcher = GENERATION.matcher(name);
    return matcher.matches()
        ? Optional.of(new Generation(Integer.parseInt(matcher.group(1)), directory.resolve(name)))
        : Optional.empty();
  }
}
