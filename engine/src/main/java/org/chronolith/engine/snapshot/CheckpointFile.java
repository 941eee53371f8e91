package org.chronolith.engine.snapshot;

/**
 * A file of a checkpoint.
 *
 * @param name without a directory
 * @param bytes its size
 * @param crc32c of its bytes
 */
public record CheckpointFile(String name, long bytes, int crc32c) {
  /** RocksDB's own names only: what comes from elsewhere cannot point out of the directory. */
  private static final String NAME = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}";

  public CheckpointFile {
    if (!name.matches(NAME) || name.equals(MetaFile.NAME)) {
      throw new IllegalArgumentException("checkpoint file name '" + name + "'");
    }
    if (bytes < 0) {
      throw new IllegalArgumentException(name + " has " + bytes + " bytes");
    }
  }

  /** Table files never change once written, and are shared between checkpoints by hard links. */
  boolean isTable() {
    return name.endsWith(".sst");
  }
}
