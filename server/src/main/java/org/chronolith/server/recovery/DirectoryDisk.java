package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * What is done to the disk for the small files of a data directory and for its generations, step by
 * step: a narrow seam, so that tests can count the steps, stop at each and forget what was not
 * forced. Production has {@link #SYSTEM} alone.
 *
 * <p>Thread: any that may wait for the disk.
 */
public interface DirectoryDisk {
  /** The real disk. */
  DirectoryDisk SYSTEM = new DirectoryDisk() {};

  /** Writes a text file, made or replaced; not durable before a {@link #force}. */
  default void write(Path file, String text) throws IOException {
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }

  /** Makes the bytes of a file, or the entries of a directory, survive a power loss. */
  default void force(Path fileOrDirectory) throws IOException {
    try (FileChannel channel = FileChannel.open(fileOrDirectory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Renames atomically; durable after a {@link #force} of the directory. */
  default void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Removes a file or an empty directory; durable after a {@link #force} of what it was in.
   *
   * @return whether there was one
   */
  default boolean delete(Path path) throws IOException {
    return Files.deleteIfExists(path);
  }

  /** Makes a directory; durable after a {@link #force} of what it is in. */
  default void createDirectory(Path directory) throws IOException {
    Files.createDirectory(directory);
  }
}
