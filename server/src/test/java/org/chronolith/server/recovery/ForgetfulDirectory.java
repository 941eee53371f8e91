package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.engine.snapshot.SnapshotDisk;
import org.chronolith.replicationlog.LogDisk;

/**
 * A data directory that can be asked, before each step that is done to it, what would be left if
 * the power failed now: of what was not forced, nothing or any subset of pages, of new names, of
 * renames and of removals. One object stands below the log, the snapshots and the metadata files,
 * so that steps of all of them are in one order.
 */
public final class ForgetfulDirectory {
  private static final int PAGE_BYTES = 4096;

  /** What is asked before each step, with the number of the step and what it is. */
  public interface BeforeStep {
    void run(long step, String what);
  }

  /** {@code replaced} is the content that {@code to} had, or null. */
  private record Rename(Path from, Path to, boolean fromKnown, byte[] replaced) {}

  /** {@code content} is null for a directory. */
  private record Removal(Path path, byte[] content, String facts) {}

  private final Path root;
  private final Map<Path, byte[]> forced = new HashMap<>();
  private final Map<Path, Set<String>> forcedNames = new HashMap<>();
  private final List<Rename> renames = new ArrayList<>();
  private final List<Removal> removals = new ArrayList<>();
  private BeforeStep beforeStep = (step, what) -> {};
  private long steps;

  public ForgetfulDirectory(Path root) {
    this.root = root;
  }

  public synchronized void beforeEach(BeforeStep action) {
    beforeStep = action;
  }

  synchronized long steps() {
    return steps;
  }

  /** What a machine finds on its disk when it starts is on it. */
  public synchronized void allIsForced() throws IOException {
    List<Path> all;
    try (Stream<Path> paths = Files.walk(root)) {
      all = paths.toList();
    }
    for (Path path : all) {
      force(path);
    }
  }

  private void step(String what, Path path) {
    beforeStep.run(steps++, what + " " + root.relativize(path));
  }

  private synchronized void force(Path path) throws IOException {
    step("force", path);
    if (!Files.isDirectory(path)) {
      forced.put(path, Files.readAllBytes(path));
      return;
    }
    forcedNames.put(path, names(path));
    renames.removeIf(rename -> rename.to().getParent().equals(path));
    List<Path> gone =
        removals.stream()
            .map(Removal::path)
            .filter(removed -> removed.getParent().equals(path))
            .toList();
    removals.removeIf(removal -> gone.stream().anyMatch(removal.path()::startsWith));
  }

  private synchronized void rename(Path from, Path to) throws IOException {
    step("rename", to);
    byte[] replaced = forced.remove(to);
    Set<String> names = forcedNames.computeIfAbsent(from.getParent(), any -> new TreeSet<>());
    boolean fromKnown = names.remove(from.getFileName().toString());
    LogDisk.SYSTEM.move(from, to);
    if (fromKnown) {
      names.add(to.getFileName().toString());
    }
    renames.add(new Rename(from, to, fromKnown, replaced));
    rekey(forced, from, to);
    rekey(forcedNames, from, to);
  }

  private static <V> void rekey(Map<Path, V> map, Path from, Path to) {
    for (Path path : List.copyOf(map.keySet())) {
      if (path.startsWith(from)) {
        map.put(to.resolve(from.relativize(path)), map.remove(path));
      }
    }
  }

  private synchronized boolean delete(Path path) throws IOException {
    step("delete", path);
    if (!Files.exists(path)) {
      return false;
    }
    Set<String> known = forcedNames.getOrDefault(path.getParent(), Set.of());
    boolean onDisk = known.contains(path.getFileName().toString());
    boolean isDirectory = Files.isDirectory(path);
    String facts = isDirectory ? "" : Instance.facts(path);
    Files.delete(path);
    byte[] content = forced.remove(path);
    forcedNames.remove(path);
    if (onDisk) {
      known.remove(path.getFileName().toString());
      removals.add(
          new Removal(path, isDirectory ? null : content == null ? new byte[0] : content, facts));
    }
    return true;
  }

  private void deleteTree(Path tree) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(tree)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException e) {
      return;
    }
    for (Path path : deepestFirst) {
      delete(path);
    }
  }

  private static Set<String> names(Path dir) throws IOException {
    try (Stream<Path> paths = Files.list(dir)) {
      return paths
          .map(path -> path.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /**
   * Writes to {@code target} what is left after a power failure now.
   *
   * @param random chooses what of the unforced is lost; null if all of it is
   */
  public synchronized void crashInto(Path target, Random random) throws IOException {
    Files.createDirectories(target);
    copyDir(root, target, random);
    for (int i = renames.size() - 1; i >= 0; i--) {
      Rename rename = renames.get(i);
      Path from = image(target, rename.from());
      Path to = image(target, rename.to());
      if (!Files.exists(to) || Files.exists(from) || !lost(random)) {
        continue;
      }
      if (rename.fromKnown() || !lost(random)) {
        Files.move(to, from);
      } else {
        LogDisk.SYSTEM.delete(to);
      }
      if (rename.replaced() != null) {
        Files.write(to, rename.replaced());
      }
    }
    Map<String, String> anchors = new HashMap<>();
    for (String anchor : List.of(Instance.ANCHOR, NodeId.ANCHOR)) {
      if (Files.exists(root.resolve(anchor))) {
        anchors.put(anchor, Instance.facts(root.resolve(anchor)));
      }
    }
    for (int i = removals.size() - 1; i >= 0; i--) {
      Removal removal = removals.get(i);
      Path back = image(target, removal.path());
      if (Files.exists(back) || !Files.exists(back.getParent()) || !lost(random)) {
        continue;
      }
      if (removal.content() == null) {
        Files.createDirectory(back);
      } else {
        Files.write(back, removal.content());
        anchors.computeIfPresent(removal.path().getFileName().toString(), (k, v) -> "");
        anchors.putIfAbsent(removal.path().getFileName().toString(), removal.facts());
        anchors.replace(removal.path().getFileName().toString(), "", removal.facts());
      }
    }
    keepFacts(target, Instance.NAME, Instance.ANCHOR, anchors);
    keepFacts(target, NodeId.FILE, NodeId.ANCHOR, anchors);
  }

  /** The image is to count as the very directory, not as a copy of it. */
  private static void keepFacts(
      Path target, String name, String anchor, Map<String, String> anchors) throws IOException {
    Path file = target.resolve(name);
    if (Files.exists(file) && Files.exists(target.resolve(anchor))) {
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      String kept = text.replace(anchors.get(anchor), Instance.facts(target.resolve(anchor)));
      int sum = text.lastIndexOf(NodeId.CHECKSUM);
      if (sum >= 0 && text.equals(NodeId.withChecksum(text.substring(0, sum)))) {
        kept = NodeId.withChecksum(kept.substring(0, kept.lastIndexOf(NodeId.CHECKSUM)));
      }
      Files.writeString(file, kept);
    }
  }

  private static boolean lost(Random random) {
    return random == null || random.nextBoolean();
  }

  private Path image(Path target, Path path) {
    return target.resolve(root.relativize(path).toString());
  }

  private void copyDir(Path dir, Path target, Random random) throws IOException {
    Set<String> known = forcedNames.getOrDefault(dir, Set.of());
    for (String name : names(dir)) {
      if (!known.contains(name) && lost(random)) {
        continue;
      }
      Path from = dir.resolve(name);
      Path to = target.resolve(name);
      if (Files.isDirectory(from)) {
        Files.createDirectories(to);
        copyDir(from, to, random);
      } else {
        byte[] old = forced.getOrDefault(from, new byte[0]);
        Files.write(to, random == null ? old : mix(old, read(from), random));
      }
    }
  }

  /** A file that another thread is just removing is empty. */
  private static byte[] read(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return new byte[0];
    }
  }

  /** Each page as it was forced or as it is now; what was never there is zeros. */
  private static byte[] mix(byte[] old, byte[] now, Random random) {
    int length = random.nextBoolean() ? old.length : now.length;
    byte[] mixed = Arrays.copyOf(old, length);
    int newPages = random.nextInt(5);
    for (int at = 0; at < length; at += PAGE_BYTES) {
      if (random.nextInt(4) < newPages && at < now.length) {
        System.arraycopy(
            now, at, mixed, at, Math.min(PAGE_BYTES, Math.min(length, now.length) - at));
      }
    }
    return mixed;
  }

  /** Below the metadata files. That the directory itself has its name is taken for granted. */
  public DirectoryDisk directoryDisk() {
    return new DirectoryDisk() {
      @Override
      public void write(Path file, String text) throws IOException {
        synchronized (ForgetfulDirectory.this) {
          step("write", file);
          DirectoryDisk.super.write(file, text);
        }
      }

      @Override
      public void force(Path fileOrDirectory) throws IOException {
        if (fileOrDirectory.startsWith(root)) {
          ForgetfulDirectory.this.force(fileOrDirectory);
        }
      }

      @Override
      public void rename(Path from, Path to) throws IOException {
        ForgetfulDirectory.this.rename(from, to);
      }

      @Override
      public boolean delete(Path path) throws IOException {
        return ForgetfulDirectory.this.delete(path);
      }

      @Override
      public void createDirectory(Path directory) throws IOException {
        synchronized (ForgetfulDirectory.this) {
          if (!directory.equals(root)) {
            step("create", directory);
          }
          DirectoryDisk.super.createDirectory(directory);
        }
      }
    };
  }

  /** Below the log. */
  public LogDisk logDisk() {
    return new LogDisk() {
      @Override
      public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
        ForgetfulDirectory.this.force(file);
      }

      @Override
      public void forceDir(Path dir) throws IOException {
        ForgetfulDirectory.this.force(dir);
      }

      @Override
      public void move(Path from, Path to) throws IOException {
        ForgetfulDirectory.this.rename(from, to);
      }

      @Override
      public void delete(Path dir) throws IOException {
        deleteTree(dir);
      }
    };
  }

  /** Below the snapshots. */
  public SnapshotDisk snapshotDisk() {
    return new SnapshotDisk() {
      @Override
      public void force(Path fileOrDirectory) throws IOException {
        ForgetfulDirectory.this.force(fileOrDirectory);
      }

      @Override
      public void write(Path file, byte[] bytes) throws IOException {
        synchronized (ForgetfulDirectory.this) {
          step("write", file);
          Files.write(file, bytes);
        }
        force(file);
      }

      @Override
      public void link(Path existing, Path name) throws IOException {
        synchronized (ForgetfulDirectory.this) {
          step("link", name);
          REAL.link(existing, name);
          if (forced.containsKey(existing)) {
            forced.put(name, forced.get(existing));
          }
        }
      }

      @Override
      public void copy(Path from, Path to) throws IOException {
        REAL.copy(from, to);
      }

      @Override
      public void rename(Path from, Path to) throws IOException {
        ForgetfulDirectory.this.rename(from, to);
      }

      @Override
      public void remove(Path directory) throws IOException {
        deleteTree(directory);
      }
    };
  }
}
