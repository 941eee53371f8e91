package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's side of verification: the checksums of the blocks in its own log, read back from the
 * log, that its master has not been told over this connection.
 *
 * <p>Thread: the replication loop.
 */
final class BlockReport implements AutoCloseable {
  /** Blocks that one acknowledgement tells of at most. */
  static final int MOST_BLOCKS = 512;

  /**
   * At each new connection the last ones are told again: what was on its way when the link was cut
   * may not have arrived.
   */
  private static final int REPEATED_BLOCKS = 256;

  private static final Logger LOG = LoggerFactory.getLogger(BlockReport.class);

  private final ReplicationLog log;
  private final LogBlocks blocks;
  private final int[] sums = new int[MOST_BLOCKS];
  private int count;

  /** The block to be read next. */
  private long next;

  private boolean failed;

  /**
   * Reports on {@code log} from some way before its end on.
   *
   * @param untold earlier block to begin with, that the last report on this log had not come to;
   *     {@code Long.MAX_VALUE} if there was none
   */
  BlockReport(ReplicationLog log, long untold) {
    this.log = log;
    blocks = new LogBlocks(log);
    long repeated =
        BlockSums.floor(log.endOffset()) - (long) REPEATED_BLOCKS * BlockSums.BLOCK_BYTES;
    next = Math.max(BlockSums.ceiling(log.startOffset()), Math.min(repeated, untold));
  }

  ReplicationLog log() {
    return log;
  }

  /** The first block that was not told. */
  long untold() {
    return next - (long) count * BlockSums.BLOCK_BYTES;
  }

  /** How many blocks wait to be told. */
  int count() {
    return count;
  }

  /**
   * Reads what has become complete.
   *
   * @param most blocks to read
   * @return whether there is more to be read at once
   */
  boolean collect(int most) {
    for (int i = 0; i < most && isReady(); i++) {
      try {
        sums[count] = blocks.sum(next);
        count++;
        next += BlockSums.BLOCK_BYTES;
      } catch (LogException e) {
        unreadable(e);
      }
    }
    return isReady();
  }

  private boolean isReady() {
    return !failed && count < sums.length && next + BlockSums.BLOCK_BYTES <= log.endOffset();
  }

  private void unreadable(LogException cause) {
    long start = BlockSums.ceiling(log.startOffset());
    if (count == 0 && start > next) {
      // Trimmed: this is no history to verify any more.
      next = start;
      return;
    }
    failed = true;
    blocks.close();
    LOG.warn(
        "Blocks from offset {} on are not verified over this link: {}", next, cause.getMessage());
  }

  /**
   * Writes the checksums, four bytes each; they count as told.
   *
   * <p>REQUIRES: there are any, see {@link #count}.
   */
  void tell(ByteBuf out) {
    for (int i = 0; i < count; i++) {
      out.writeInt(sums[i]);
    }
    count = 0;
  }

  @Override
  public void close() {
    failed = true;
    blocks.close();
  }
}
