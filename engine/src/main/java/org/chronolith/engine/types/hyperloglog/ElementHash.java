package org.chronolith.engine.types.hyperloglog;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;

/** MurmurHash64A with Redis's seed: which register an element belongs to, and with what count. */
final class ElementHash {
  private static final long SEED = 0xadc83b19L;
  private static final long M = 0xc6a4a7935bd1e995L;
  private static final int R = 47;

  private ElementHash() {}

  static long of(Slice element) {
    ByteBuf bytes = element.buffer();
    int at = element.offset();
    int length = element.length();
    long hash = SEED ^ length * M;
    int end = at + (length & ~7);
    for (; at < end; at += Long.BYTES) {
      long k = bytes.getLongLE(at) * M;
      k ^= k >>> R;
      hash = (hash ^ k * M) * M;
    }
    int left = length & 7;
    if (left > 0) {
      for (int i = 0; i < left; i++) {
        hash ^= (bytes.getByte(at + i) & 0xFFL) << (i << 3);
      }
      hash *= M;
    }
    hash = (hash ^ hash >>> R) * M;
    return hash ^ hash >>> R;
  }

  /** The register's number. */
  static int register(long hash) {
    return (int) hash & HyperLogLog.REGISTERS - 1;
  }

  /** The length of the run of zeros behind the register's number, and the one after it. */
  static int count(long hash) {
    long rest = hash >>> HyperLogLog.REGISTER_NUMBER_BITS;
    return Long.numberOfTrailingZeros(rest | 1L << HyperLogLog.HASH_BITS) + 1;
  }
}
