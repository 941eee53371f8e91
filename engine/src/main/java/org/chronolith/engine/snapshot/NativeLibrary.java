package org.chronolith.engine.snapshot;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * RocksDB's code. It lies in its jar and must be a file to be loaded, which RocksDB would remove at
 * the end of the process: one that is killed would leave 17 MB behind, each time. So it gets a
 * directory of its own, which is removed as soon as it is loaded.
 */
final class NativeLibrary {
  private static final String PREFIX = "chronolith-rocksdb-";

  private NativeLibrary() {}

  static void load() {
    try {
      Path directory = Files.createTempDirectory(PREFIX);
      try {
        NativeLibraryLoader.getInstance().loadLibrary(directory.toString());
      } finally {
        SnapshotDisk.REAL.remove(directory);
      }
    } catch (IOException e) {
      throw new EngineException(
          Severity.FATAL,
          "cannot unpack RocksDB's library into "
              + System.getProperty("java.io.tmpdir")
              + File.separator
              + PREFIX
              + "…: "
              + e,
          e);
    }
    // It is there already: this is for what RocksDB remembers.
    RocksDB.loadLibrary();
  }
}
