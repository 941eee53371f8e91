package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;

/**
 * Where a walk over the keyspace puts what it has serialised. A batch is a run of whole operations,
 * applied in order:
 *
 * <pre>
 * PUT          [1][keyLen u32][key][valueLen u32][value]
 * DELETE       [2][keyLen u32][key]
 * DELETE_RANGE [3][keyLen u32][key][endLen u32][end, exclusive]
 * </pre>
 *
 * Lengths are big-endian; keys are compared as unsigned bytes.
 */
public interface BatchSink {
  byte PUT = 1;
  byte DELETE = 2;
  byte DELETE_RANGE = 3;

  /**
   * Offers a batch: its readable bytes. Never waits. Thread: the engine thread.
   *
   * @return true if it was taken, and with it the caller's reference to the buffer, which is
   *     released once written; false if the queue is full (the caller keeps the buffer and offers
   *     it again later, or aborts)
   */
  boolean offer(ByteBuf batch);
}
