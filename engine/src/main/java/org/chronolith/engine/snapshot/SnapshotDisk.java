package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The steps of file work in the order in which a crash may strike between them. Tests put a disk
 * that fails, stops or forgets at a chosen step in its place; production has {@link #REAL} alone.
 *
 * <p>Thread: snapshot, and whoever opens the store.
 */
public interface SnapshotDisk {
  /** Makes the bytes of a file, or the entries of a directory, survive a power loss. */
  void force(Path fileOrDirectory) throws IOException;

  /** Writes a new file and forces it. */
  void write(Path file, byte[] bytes) throws IOException;

  /** A second name for the same file; both names must be on one file system. */
  void link(Path existing, Path name) throws IOException;

  void copy(Path from, Path to) throws IOException;

  /** Renames atomically. */
  void rename(Path from, Path to) throws IOException;

  /** Removes a file, or a directory and all that is in it; nothing happens if there is none. */
  void remove(Path fileOrDirectory) throws IOException;

  /** Bytes that may still be written on the volume of {@code directory}. */
  default long usableBytes(Path directory) {
    return directory.toFile().getUsableSpace();
  }

  /** The real disk. */
  SnapshotDisk REAL =
      new SnapshotDisk() {
        @Override
        public void force(Path fileOrDirectory) throws IOException {
          try (FileChannel channel = FileChannel.open(fileOrDirectory, StandardOpenOption.READ)) {
            channel.force(true);
          }
        }

        @Override
        public void write(Path file, byte[] bytes) throws IOException {
          Files.write(file, bytes, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          force(file);
        }

        @Override
        public void link(Path existing, Path name) throws IOException {
          Files.createLink(name, existing);
        }

        @Override
        public void copy(Path from, Path to) throws IOException {
          Files.copy(from, to);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
          Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        }

        @Override
        public void remove(Path fileOrDirectory) throws IOException {
          if (!Files.exists(fileOrDirectory)) {
            return;
          }
          List<Path> deepestFirst;
          try (Stream<Path> tree = Files.walk(fileOrDirectory)) {
            deepestFirst = tree.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
          } catch (UncheckedIOException e) {
            throw e.getCause();
          }
          for (Path path : deepestFirst) {
            Files.deleteIfExists(path);
          }
        }
      };
}
