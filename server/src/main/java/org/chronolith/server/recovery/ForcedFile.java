package org.chronolith.server.recovery;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Small text files that change by one forced rename: a crash leaves the old content or the new.
 *
 * <p>Thread: one at a time for a file, any that may wait for the disk.
 */
public final class ForcedFile {
  /** Ends the name under which the new content is made; a start removes what a crash left of it. */
  static final String NEXT = ".next";

  private ForcedFile() {}

  /**
   * Replaces {@code file}, or makes it.
   *
   * @throws IOException if it is not surely on disk; the old content may still be there
   */
  public static void write(Path file, String text) throws IOException {
    write(DirectoryDisk.SYSTEM, file, text);
  }

  /** The same on another disk. */
  public static void write(DirectoryDisk disk, Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + NEXT);
    disk.write(next, text);
    disk.force(next);
    disk.rename(next, file);
    disk.force(file.toAbsolutePath().getParent());
  }
}
