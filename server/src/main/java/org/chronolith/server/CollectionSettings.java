package org.chronolith.server;

import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.server.config.ServerConfig;

/** How long collections stay compact, from the configuration. */
final class CollectionSettings {

  /** The block of {@code list-max-listpack-size -1}; each step below doubles it. */
  private static final int SMALLEST_BLOCK_BYTES = 4 << 10;

  private static final int DEFAULT_BLOCK_BYTES = 8 << 10;
  private static final int MOST_STEPS = 5;

  private CollectionSettings() {}

  static CollectionLimits limits(ServerConfig config) {
    return new CollectionLimits(
        asInt(config.hashMaxListpackEntries()),
        asInt(config.hashMaxListpackValueBytes()),
        asInt(config.setMaxListpackEntries()),
        asInt(config.setMaxListpackValueBytes()),
        asInt(config.zsetMaxListpackEntries()),
        asInt(config.zsetMaxListpackValueBytes()),
        blockBytes(config.listMaxListpackSize()));
  }

  private static int asInt(long value) {
    return (int) Math.min(Integer.MAX_VALUE, value);
  }

  private static int blockBytes(int size) {
    return size < 0 && size >= -MOST_STEPS
        ? SMALLEST_BLOCK_BYTES << (-size - 1)
        : DEFAULT_BLOCK_BYTES;
  }
}
