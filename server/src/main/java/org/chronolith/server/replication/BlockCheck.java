package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import org.chronolith.network.ProtocolException;
import org.chronolith.network.Request;
import org.chronolith.replicationlog.LogException;
import org.chronolith.replicationlog.ReplicationLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A master's side of verification, for one replica: compares the checksums that the replica tells
 * with those of this node's log. Of what was sent over this connection they were taken as it
 * passed; other blocks (that in whose middle the link began, those told again after a cut) are read
 * from the log, some in each round.
 *
 * <p>Thread: the replication loop.
 */
final class BlockCheck implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockCheck.class);

  /** 128 MiB of the stream may be on their way before checksums have to be read from the log. */
  private static final int KEPT_BLOCKS = 2048;

  /** Blocks that wait to be read; further ones are not verified. */
  private static final int MOST_QUEUED = 1024;

  /** One replica's share of reading before others get theirs. */
  private static final int ROUND_BLOCKS = 16;

  private static final long UNKNOWN = -1;

  /** What is found. */
  interface Listener {
    /**
     * So many blocks are the same on both sides.
     *
     * @param skipped others that cannot be compared: this log has them no more, or too many waited
     */
    void verified(int blocks, int skipped);

    /** A block differs. */
    void differs(Mismatch mismatch);
  }

  private final ReplicationLog log;
  private final Listener listener;
  private final Consumer<Runnable> later;
  private final BlockSums passing = new BlockSums(KEPT_BLOCKS);
  private final LogBlocks older;

  /** Checksums of the replica, of blocks in a row, that wait for this node's. */
  private final int[] queue = new int[MOST_QUEUED];

  private int head;
  private int queued;
  private long headBlock;
  private boolean roundQueued;
  private boolean closed;

  /**
   * @param later runs something on this thread, soon
   */
  BlockCheck(ReplicationLog log, Listener listener, Consumer<Runnable> later) {
    this.log = log;
    this.listener = listener;
    this.later = later;
    older = new LogBlocks(log);
  }

  /** The replica will be sent the log from {@code offset} on. */
  void begin(long offset) {
    passing.begin(offset);
  }

  /** Bytes of the log that are being sent. */
  void passed(ByteBuf bytes, int from, int length) {
    passing.update(bytes, from, length);
  }

  /**
   * The replica tells checksums.
   *
   * @throws ProtocolException if they are of bytes that it cannot have
   */
  void told(Request acknowledgement) {
    int blocks = Acknowledgement.blocks(acknowledgement);
    long block = Acknowledgement.firstBlock(acknowledgement);
    if (block > passing.offset() - (long) blocks * BlockSums.BLOCK_BYTES) {
      throw new ProtocolException("checksums of blocks that were not sent, from offset " + block);
    }
    int same = 0;
    int skipped = 0;
    for (int i = 0; i < blocks; i++) {
      int sum = Acknowledgement.sum(acknowledgement, i);
      if (!passing.has(block)) {
        skipped += enqueue(block, sum) ? 0 : 1;
      } else if (isSame(block, passing.sum(block), sum)) {
        same++;
      }
      block += BlockSums.BLOCK_BYTES;
    }
    listener.verified(same, skipped);
  }

  private boolean isSame(long block, int here, int there) {
    if (here == there) {
      return true;
    }
    listener.differs(new Mismatch(log.history().currentId(), block, here, there));
    return false;
  }

  /** Returns whether there is room for it. */
  private boolean enqueue(long block, int sum) {
    if (queued == 0) {
      headBlock = block;
    }
    boolean inRow = block == headBlock + (long) queued * BlockSums.BLOCK_BYTES;
    if (!inRow || queued == MOST_QUEUED) {
      return false;
    }
    queue[(head + queued) % MOST_QUEUED] = sum;
    queued++;
    if (!roundQueued) {
      roundQueued = true;
      later.accept(this::round);
    }
    return true;
  }

  private void round() {
    roundQueued = false;
    int same = 0;
    int skipped = 0;
    for (int i = 0; i < ROUND_BLOCKS && queued > 0 && !closed; i++) {
      int there = queue[head];
      long block = headBlock;
      head = (head + 1) % MOST_QUEUED;
      headBlock += BlockSums.BLOCK_BYTES;
      queued--;
      // What was trimmed, or never was here, cannot be verified.
      long here = older.has(block) ? read(block) : UNKNOWN;
      if (here == UNKNOWN) {
        skipped++;
      } else if (isSame(block, (int) here, there)) {
        same++;
      }
    }
    listener.verified(same, skipped);
    if (queued > 0) {
      roundQueued = true;
      later.accept(this::round);
    } else {
      // Not to hold a segment that may be removed, nor memory.
      older.close();
    }
  }

  /** The checksum here, unsigned. */
  private long read(long block) {
    try {
      return Integer.toUnsignedLong(older.sum(block));
    } catch (LogException e) {
      LOG.warn("The block at offset {} cannot be verified: {}", block, e.getMessage());
      return UNKNOWN;
    }
  }

  @Override
  public void close() {
    closed = true;
    queued = 0;
    older.close();
  }
}
