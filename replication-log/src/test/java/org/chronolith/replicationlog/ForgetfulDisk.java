package org.chronolith.replicationlog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.chronolith.replicationlog.chronicle.QueueFile;

/**
 * A disk that can be asked what would be on it if the power failed now: of what was not forced, any
 * subset of pages in any order, any subset of new names, renames and removals. It also counts what
 * is done to it, and calls back before the n-th thing and after it. And it can fail a force as
 * Linux does: what was to be forced counts as clean from then on, and no later force brings it to
 * the disk unless it is written again.
 */
final class ForgetfulDisk implements LogDisk {
  private static final int PAGE_BYTES = 4096;

  private record Rename(Path from, Path to) {}

  private record Removal(Path dir, Map<Path, byte[]> files) {}

  private final Path root;
  private final Map<Path, byte[]> forced = new HashMap<>();
  private final Map<Path, Set<String>> forcedNames = new HashMap<>();
  private final List<Rename> renames = new ArrayList<>();
  private final List<Removal> removals = new ArrayList<>();
  private long steps;
  private long callAtStep = -1;
  private Runnable call;

  /** By file and position: pages that a failed force has left in the cache, as they were then. */
  private final Map<Path, Map<Integer, byte[]>> takenForClean = new HashMap<>();

  private int forcesUntilFailure = -1;

  ForgetfulDisk(Path root) {
    this.root = root;
  }

  /**
   * Has {@code action} run at the step that comes {@code later} steps after the next one: of a disk
   * at rest, even ones lie before, odd ones after something done. Counted from now in one piece,
   * since other threads go on with the disk meanwhile.
   */
  synchronized void atStepFromNow(long later, Runnable action) {
    callAtStep = steps + later;
    call = action;
  }

  /** What a machine finds on its disk when it starts is on it. */
  void allIsForced() throws IOException {
    List<Path> all;
    try (Stream<Path> paths = Files.walk(root)) {
      all = paths.collect(Collectors.toList());
    }
    for (Path path : all) {
      if (Files.isDirectory(path)) {
        forceDir(path);
      } else {
        force(null, path, true);
      }
    }
  }

  /** Has a force of records fail once, after so many others of them; -1 for none. */
  synchronized void failAForceOfRecords(int after) {
    forcesUntilFailure = after;
  }

  /** Whether this is the force that is to fail: of records, not of a segment that is being made. */
  private boolean fails(Path file, boolean metadata) {
    boolean counts = forcesUntilFailure >= 0 && !metadata && QueueFile.isOne(file);
    return counts && forcesUntilFailure-- == 0;
  }

  private void takeForClean(Path file, byte[] now) {
    byte[] old = forced.getOrDefault(file, new byte[0]);
    Map<Integer, byte[]> clean = takenForClean.computeIfAbsent(file, any -> new HashMap<>());
    for (int at = 0; at < now.length; at += PAGE_BYTES) {
      byte[] page = page(now, at);
      if (!Arrays.equals(page, page(old, at))) {
        clean.put(at, page);
      }
    }
  }

  /** What a force of a file that looks like this leaves on the disk. */
  private byte[] dirtyOnly(Path file, byte[] now) {
    Map<Integer, byte[]> clean = takenForClean.getOrDefault(file, new HashMap<>());
    clean.entrySet().removeIf(page -> !Arrays.equals(page.getValue(), page(now, page.getKey())));
    byte[] old = forced.getOrDefault(file, new byte[0]);
    byte[] image = now.clone();
    for (int at : clean.keySet()) {
      byte[] page = page(old, at);
      System.arraycopy(page, 0, image, at, Math.min(page.length, image.length - at));
    }
    return image;
  }

  /** Zeros where the file has none. */
  private static byte[] page(byte[] file, int at) {
    byte[] page = new byte[PAGE_BYTES];
    if (at < file.length) {
      System.arraycopy(file, at, page, 0, Math.min(PAGE_BYTES, file.length - at));
    }
    return page;
  }

  private void step() {
    if (steps++ == callAtStep) {
      call.run();
    }
  }

  @Override
  public void force(FileChannel channel, Path file, boolean metadata) throws IOException {
    byte[] image;
    synchronized (this) {
      step();
      image = Files.readAllBytes(file);
      if (fails(file, metadata)) {
        takeForClean(file, image);
        step();
        throw new IOException("Input/output error");
      }
    }
    synchronized (this) {
      forced.put(file, dirtyOnly(file, image));
      step();
    }
  }

  @Override
  public synchronized void forceDir(Path dir) throws IOException {
    step();
    forcedNames.put(dir, names(dir));
    renames.removeIf(rename -> rename.to().getParent().equals(dir));
    removals.removeIf(removal -> removal.dir().getParent().equals(dir));
    step();
  }

  @Override
  public synchronized void write(FileChannel channel, Path file, ByteBuffer bytes, long position)
      throws IOException {
    step();
    long end = position + bytes.remaining();
    takenForClean
        .getOrDefault(file, new HashMap<>())
        .keySet()
        .removeIf(at -> at < end && at + PAGE_BYTES > position);
    LogDisk.super.write(channel, file, bytes, position);
    step();
  }

  @Override
  public synchronized void move(Path from, Path to) throws IOException {
    step();
    LogDisk.super.move(from, to);
    renames.add(new Rename(from, to));
    Set<String> known = forcedNames.getOrDefault(from.getParent(), Set.of());
    if (known.contains(from.getFileName().toString())) {
      forcedNames.get(from.getParent()).add(to.getFileName().toString());
    }
    rekey(forced, from, to);
    rekey(forcedNames, from, to);
    rekey(takenForClean, from, to);
    step();
  }

  private static <V> void rekey(Map<Path, V> map, Path from, Path to) {
    for (Path path : List.copyOf(map.keySet())) {
      if (path.startsWith(from)) {
        map.put(to.resolve(from.relativize(path)), map.remove(path));
      }
    }
  }

  @Override
  public synchronized void delete(Path dir) throws IOException {
    step();
    Map<Path, byte[]> files = new HashMap<>();
    forced.forEach(
        (path, image) -> {
          if (path.startsWith(dir)) {
            files.put(path, image);
          }
        });
    LogDisk.super.delete(dir);
    forced.keySet().removeAll(files.keySet());
    takenForClean.keySet().removeIf(file -> file.startsWith(dir));
    Set<String> known = forcedNames.getOrDefault(dir.getParent(), Set.of());
    if (known.contains(dir.getFileName().toString())) {
      removals.add(new Removal(dir, files));
    }
    step();
  }

  private static Set<String> names(Path dir) throws IOException {
    try (Stream<Path> paths = Files.list(dir)) {
      return paths
          .map(path -> path.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (NoSuchFileException e) {
      return new HashSet<>();
    }
  }

  /**
   * Writes to {@code target} what is left after a power failure now.
   *
   * @param everything whether all that was not forced is lost, instead of a random part
   */
  synchronized void crashInto(Path target, Random random, boolean everything) throws IOException {
    Files.createDirectories(target);
    copyDir(root, target, random, everything);
    for (int i = renames.size() - 1; i >= 0; i--) {
      Path from = target.resolve(root.relativize(renames.get(i).from()).toString());
      Path to = target.resolve(root.relativize(renames.get(i).to()).toString());
      if (Files.exists(to) && !Files.exists(from) && (everything || random.nextBoolean())) {
        Files.move(to, from);
      }
    }
    for (Removal removal : removals) {
      Path dir = target.resolve(root.relativize(removal.dir()).toString());
      if (!Files.exists(dir) && (everything || random.nextBoolean())) {
        Files.createDirectories(dir);
        for (Map.Entry<Path, byte[]> file : removal.files().entrySet()) {
          if (everything || random.nextBoolean()) {
            Files.write(target.resolve(root.relativize(file.getKey()).toString()), file.getValue());
          }
        }
      }
    }
  }

  private void copyDir(Path dir, Path target, Random random, boolean everything)
      throws IOException {
    Set<String> known = forcedNames.getOrDefault(dir, Set.of());
    for (String name : names(dir)) {
      if (!known.contains(name) && (everything || random.nextBoolean())) {
        continue;
      }
      Path from = dir.resolve(name);
      Path to = target.resolve(name);
      if (Files.isDirectory(from)) {
        Files.createDirectories(to);
        copyDir(from, to, random, everything);
      } else {
        byte[] old = forced.getOrDefault(from, new byte[0]);
        Files.write(to, everything ? old : mix(old, read(from), random));
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
        int bytes = Math.min(PAGE_BYTES, Math.min(length, now.length) - at);
        System.arraycopy(now, at, mixed, at, bytes);
      }
    }
    return mixed;
  }
}
