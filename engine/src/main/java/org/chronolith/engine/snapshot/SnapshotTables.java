package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What the files of a checkpoint are: RocksDB's tables, or, in a simulation, something simpler
 * whose bytes depend on nothing but the items.
 */
public interface SnapshotTables extends AutoCloseable {
  /** A database that batches are written into. Thread: {@code snapshot}. */
  interface Working extends AutoCloseable {
    /** Applies the readable bytes of {@code batch}, see {@link BatchSink}, atomically. */
    void write(ByteBuf batch) throws IOException;

    /** On return every applied batch is in a file. */
    void flush() throws IOException;

    /** Makes the flushed state the content of {@code directory}, which must not exist. */
    void checkpoint(Path directory) throws IOException;

    @Override
    void close();
  }

  /** Opens the database in {@code directory}; what is there may be a checkpoint's files. */
  Working open(Path directory) throws IOException;

  /**
   * REQUIRES: the caller has retained the checkpoint for this reader, which releases it: when it is
   * closed, or if it cannot be made.
   */
  CheckpointReader read(Checkpoint checkpoint);

  @Override
  void close();
}
