package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;

/** Describes and verifies the files of checkpoint directories. */
final class CheckpointFiles {
  /** EIO, EUCLEAN and EBADMSG, in the words of the C library. */
  private static final List<String> READ_ERRORS =
      List.of("Input/output error", "Structure needs cleaning", "Bad message");

  private static final int READ_BYTES = 1 << 20;

  private CheckpointFiles() {}

  /** What {@link #describe} found. */
  record Described(List<CheckpointFile> files, long newBytes) {}

  /**
   * Lists the files of a checkpoint in the making. A table file that is the same file as in {@code
   * previous} keeps its checksum unread; every other file is read and forced.
   *
   * @param previous null if there is none
   * @throws EngineException CORRUPTION if the disk does not give back what was written: the file it
   *     was linked from is of no use either
   */
  static Described describe(Path directory, Checkpoint previous, SnapshotDisk disk)
      throws IOException {
    Map<String, CheckpointFile> known = new HashMap<>();
    if (previous != null) {
      previous.files().forEach(file -> known.put(file.name(), file));
    }
    List<CheckpointFile> files = new ArrayList<>();
    long newBytes = 0;
    for (Path path : list(directory)) {
      String name = path.getFileName().toString();
      CheckpointFile before = known.get(name);
      if (before != null && before.isTable() && isSame(path, previous.directory().resolve(name))) {
        files.add(before);
        continue;
      }
      CheckpointFile file = new CheckpointFile(name, Files.size(path), written(path));
      ForceFailedException.force(disk, path);
      files.add(file);
      newBytes += file.bytes();
    }
    return new Described(files, newBytes);
  }

  private static int written(Path path) throws IOException {
    try {
      return crc32c(path);
    } catch (IOException e) {
      if (isDamage(e)) {
        throw new EngineException(
            Severity.CORRUPTION, path + ": cannot be read: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  /**
   * Reads META and compares what is beside it.
   *
   * @param tables whether the table files are read as well, not only their sizes
   * @throws EngineException CORRUPTION, naming the file
   */
  static MetaFile verify(Path directory, boolean tables) throws IOException {
    Path metaPath = directory.resolve(MetaFile.NAME);
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(metaPath);
    } catch (NoSuchFileException e) {
      throw new EngineException(
          Severity.CORRUPTION, metaPath + ": missing; the checkpoint is half-made", e);
    }
    MetaFile meta = MetaFile.decode(bytes, metaPath.toString());
    verify(directory, meta, tables);
    return meta;
  }

  static void verify(Path directory, MetaFile meta, boolean tables) throws IOException {
    for (CheckpointFile file : meta.files()) {
      verify(directory, file, tables);
    }
  }

  static void verify(Path directory, CheckpointFile file, boolean tables) throws IOException {
    Path path = directory.resolve(file.name());
    long bytes;
    try {
      bytes = Files.size(path);
    } catch (NoSuchFileException e) {
      throw new EngineException(Severity.CORRUPTION, path + ": missing", e);
    }
    boolean all = bytes == file.bytes() && (tables || !file.isTable());
    Optional<String> problem = problem(path, file, bytes, all ? crc32c(path) : file.crc32c());
    if (problem.isPresent()) {
      throw new EngineException(Severity.CORRUPTION, problem.get());
    }
  }

  /**
   * Whether a failure to open or read a file says that it is damaged: a sector that cannot be read,
   * or no such file. Too many open files, or a want of rights, says nothing of what is in it.
   */
  static boolean isDamage(IOException failed) {
    String message = String.valueOf(failed.getMessage());
    return !(failed instanceof FileSystemException)
        || failed instanceof NoSuchFileException
        || READ_ERRORS.stream().anyMatch(message::contains);
  }

  /** What is wrong with a file of so many bytes and this checksum, by what META says of it. */
  static Optional<String> problem(Path path, CheckpointFile file, long bytes, int crc) {
    if (bytes != file.bytes()) {
      return Optional.of(path + ": has " + bytes + " bytes, META says " + file.bytes());
    }
    return crc == file.crc32c()
        ? Optional.empty()
        : Optional.of(
            String.format(
                "%s: CRC32C is %08x, META says %08x: the file is damaged",
                path, crc, file.crc32c()));
  }

  static int crc32c(Path path) throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
    try (FileChannel channel = FileChannel.open(path)) {
      while (channel.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
      }
    }
    return (int) crc.getValue();
  }

  static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().collect(Collectors.toList());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Whether they are names of one file; not if the second is missing. */
  static boolean isSame(Path one, Path other) throws IOException {
    try {
      Object key = Files.readAttributes(one, BasicFileAttributes.class).fileKey();
      Object otherKey = Files.readAttributes(other, BasicFileAttributes.class).fileKey();
      return key != null && Objects.equals(key, otherKey);
    } catch (NoSuchFileException e) {
      return false;
    }
  }
}
