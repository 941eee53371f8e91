package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.chronolith.replicationlog.LogInspector;

/**
 * A data directory, or a part of one, as tools see it: nothing is locked, made or changed, so that
 * a server may be running in it.
 *
 * <p>Thread: any that may wait for the disk.
 *
 * @param path what was given
 * @param live the live generation; empty for a log alone, and where none is live
 * @param others generations that a start would remove
 * @param log where the log is: a directory of segments, one segment, its file, or what a start has
 *     cut of it
 * @param whole whether {@code path} is a data directory
 * @param damage why nobody knows which generation is live: what {@code CURRENT} is instead of a
 *     generation's name, or that a tool was making the directory and has not come to its end
 */
public record StoredDirectory(
    Path path,
    Optional<Generation> live,
    List<Generation> others,
    Optional<Path> log,
    boolean whole,
    Optional<String> damage) {

  /**
   * Finds out what {@code path} is: a data directory, a generation, a log, a segment, or a
   * segment's file.
   *
   * @throws RecoveryException if it is none of them; the message says what was looked for. Also if
   *     {@code CURRENT} is damaged
   */
  public static StoredDirectory of(Path path) {
    StoredDirectory found = withDamage(path);
    if (found.damage.isPresent()) {
      throw new RecoveryException(found.damage.get());
    }
    return found;
  }

  /** The same, but a damaged {@code CURRENT} is in {@link #damage}. */
  public static StoredDirectory withDamage(Path path) {
    if (!Files.exists(path)) {
      throw new RecoveryException(path + ": there is no such file or directory");
    }
    if (LogInspector.isLog(path)) {
      return new StoredDirectory(
          path, Optional.empty(), List.of(), Optional.of(path), false, Optional.empty());
    }
    if (!Files.isDirectory(path)) {
      throw new RecoveryException(
          path + " is no file of a log (segment-…/*.cq4, cut-segment-…/from-…)");
    }
    if (Files.isDirectory(path.resolve("log")) || Files.isDirectory(path.resolve("snapshot"))) {
      return ofGeneration(path, new Generation(0, path), List.of(), false);
    }
    List<Generation> all = DataDirectory.generations(path);
    Optional<Generation> current;
    try {
      DataDirectory.requireFinished(path);
      current = DataDirectory.current(path);
    } catch (RecoveryException e) {
      if (e.getCause() != null) {
        throw e;
      }
      return new StoredDirectory(
          path, Optional.empty(), all, Optional.empty(), true, Optional.of(e.getMessage()));
    }
    if (current.isEmpty() && all.isEmpty() && !Files.exists(path.resolve(DirectoryLock.NAME))) {
      throw new RecoveryException(
          path
              + " is no data directory: there is no CURRENT, no generation (gen-N) and no log"
              + " segment in it");
    }
    if (current.isEmpty()) {
      return new StoredDirectory(path, current, all, Optional.empty(), true, Optional.empty());
    }
    List<Generation> others =
        all.stream().filter(one -> one.number() != current.get().number()).toList();
    return ofGeneration(path, current.get(), others, true);
  }

  private static StoredDirectory ofGeneration(
      Path path, Generation generation, List<Generation> others, boolean whole) {
    return new StoredDirectory(
        path,
        Optional.of(generation),
        others,
        Optional.of(generation.log()).filter(LogInspector::isLog),
        whole,
        Optional.empty());
  }

  /**
   * The directory whose lock says whether a server works here: the given one, or one above it. A
   * backup has no lock of its own, and may lie in the directory of a node: what is written goes
   * into what was given, never there.
   */
  public Path root() {
    Path absolute = path.toAbsolutePath().normalize();
    for (Path at = absolute; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve(DirectoryLock.NAME))) {
        return at;
      }
    }
    return absolute;
  }

  /** The pid of the process that works in the directory; empty if none does. */
  public Optional<String> holder() {
    try {
      return DirectoryLock.holder(root());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw RecoveryException.of("cannot ask for the lock of " + root(), e);
    }
  }

  /** What the mark of a copy says; empty for a directory that is none. */
  public Optional<ForkMark> fork() {
    return ForkMark.read(whole ? path : root());
  }

  /** The file that {@link #damage} is of. */
  public Path damaged() {
    Path unfinished = path.resolve(DataDirectory.UNFINISHED);
    return Files.exists(unfinished) ? unfinished : path.resolve(DataDirectory.CURRENT);
  }

  public Path nodeId() {
    return path.resolve(NodeId.FILE);
  }

  public Path instance() {
    return path.resolve(Instance.NAME);
  }

  /** Why a start is refused for the sake of {@code NODE-ID}; empty if it is not. */
  public Optional<String> nodeIdDamage() {
    try {
      NodeId.read(path);
      return Optional.empty();
    } catch (RecoveryException e) {
      return Optional.of(e.getMessage());
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + nodeId(), e);
    }
  }

  /** Whether a start gives this node another id, since the directory looks like a copy. */
  public boolean isOtherNode() {
    try {
      return NodeId.read(path).map(NodeId.Stored::elsewhere).orElse(false);
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + nodeId(), e);
    }
  }

  /** What is wrong with {@code INSTANCE}; empty if nothing is, or if there is none. */
  public Optional<String> instanceDamage() {
    try {
      return Instance.damage(path);
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + instance(), e);
    }
  }

  /**
   * Why a master that starts here takes a new replication id; empty if it keeps the one it finds.
   *
   * @param clean whether the log ends with the marker of a clean stop
   * @param endOffset of the log
   * @param claimedOffset up to which a replica is known to have the stream
   */
  public Optional<String> whyNewId(
      String replicationId, boolean clean, long endOffset, long claimedOffset) {
    try {
      return Optional.ofNullable(
          Instance.whyNewId(path, replicationId, clean, endOffset, claimedOffset));
    } catch (IOException e) {
      throw RecoveryException.of("cannot read " + instance(), e);
    }
  }
}
