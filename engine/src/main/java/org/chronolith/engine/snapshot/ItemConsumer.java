package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;

/**
 * Receives the items of a checkpoint in ascending order of their keys, compared as unsigned bytes.
 */
@FunctionalInterface
public interface ItemConsumer {
  /**
   * One item: the readable bytes of {@code key} and {@code value}, both direct, valid until this
   * call returns and reused for the next item. Thread: the caller of {@code load}.
   */
  void item(ByteBuf key, ByteBuf value);
}
