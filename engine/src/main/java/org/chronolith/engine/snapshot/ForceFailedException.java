package org.chronolith.engine.snapshot;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A force failed. It must not be tried again on the same file: the kernel marks the pages that it
 * could not write as clean, so the next force succeeds and the bytes are not on disk.
 */
final class ForceFailedException extends IOException {
  private static final long serialVersionUID = 1L;

  ForceFailedException(Path path, IOException cause) {
    super("cannot force " + path + ": " + cause.getMessage(), cause);
  }

  /** Forces a file or a directory, and says by the type of what it throws that this failed. */
  static void force(SnapshotDisk disk, Path path) throws ForceFailedException {
    try {
      disk.force(path);
    } catch (IOException e) {
      throw new ForceFailedException(path, e);
    }
  }
}
