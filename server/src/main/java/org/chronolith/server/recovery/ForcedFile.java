package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Small text files that change by one forced rename: a crash leaves the old content or the new.
 *
 * <p>Thread: one at a time for a file, any that may wait for the disk.
 */
public final class ForcedFile {
  private ForcedFile() {}

  /**
   * Replaces {@code file}, or makes it.
   *
   * @throws IOException if it is not surely on disk; the old content may still be there
   */
  public static void write(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, text, StandardCharsets.UTF_8);
    force(next);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    force(file.toAbsolutePath().getParent());
  }

  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
