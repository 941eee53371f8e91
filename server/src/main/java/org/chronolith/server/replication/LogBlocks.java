package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.zip.CRC32C;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.LogReader;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * The checksums of blocks as the log on disk has them, read when they are asked for. Blocks in a
 * row are read in a row. After {@link #close} it can be used again.
 *
 * <p>Thread: one at a time; not the engine's.
 */
final class LogBlocks implements AutoCloseable {
  private static final int SCRATCH_BYTES = BlockSums.BLOCK_BYTES + (16 << 10);

  private final ReplicationLog log;
  private final CRC32C crc = new CRC32C();
  private ByteBuf scratch;
  private LogReader reader;

  LogBlocks(ReplicationLog log) {
    this.log = log;
  }

  /** Whether the log has the whole of the block that starts at {@code block}. */
  boolean has(long block) {
    return block >= log.startOffset() && block + BlockSums.BLOCK_BYTES <= log.endOffset();
  }

  /**
   * CRC32C of the block that starts at {@code block}.
   *
   * <p>REQUIRES: {@link #has}.
   *
   * @throws LogException if the log cannot be read there, or not any more
   */
  int sum(long block) {
    if (reader == null || reader.offset() != block) {
      closeReader();
      reader = log.reader(block);
    }
    if (scratch == null) {
      scratch = PooledByteBufAllocator.DEFAULT.directBuffer(SCRATCH_BYTES);
    }
    crc.reset();
    int left = BlockSums.BLOCK_BYTES;
    while (left > 0) {
      int bytes = reader.read(scratch.clear(), left);
      if (bytes == 0) {
        throw new IllegalStateException("the log ends within the block at offset " + block);
      }
      crc.update(scratch.internalNioBuffer(0, bytes));
      left -= bytes;
    }
    return (int) crc.getValue();
  }

  private void closeReader() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  @Override
  public void close() {
    closeReader();
    if (scratch != null) {
      scratch.release();
      scratch = null;
    }
  }
}
