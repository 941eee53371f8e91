package org.chronolith.engine.memory;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * A seeded 64-bit hash that reads eight bytes at a time and mixes with the 128-bit product (the
 * construction of wyhash). All bits are usable: tables take the low ones for the bucket and the
 * high ones for the tag.
 *
 * <p>The length goes in twice. In the start value alone it meets the tail of a short key by
 * exclusive or, and then a key of one byte and one of two collide under every seed.
 */
final class BlockHash {
  private static final long P0 = 0xA0761D6478BD642FL;
  private static final long P1 = 0xE7037ED1A0B428DBL;
  private static final long P2 = 0x8EBC6AF09C88C6E3L;

  private final long seed;

  BlockHash(long seed) {
    this.seed = mix(seed ^ P0, P1);
  }

  long of(ByteBuf bytes, int from, int length) {
    long h = seed ^ length;
    int at = from;
    int end = from + length;
    for (; at + 8 <= end; at += 8) {
      h = mix(h ^ bytes.getLongLE(at), P1);
    }
    int rest = end - at;
    long tail = 0;
    if (rest >= 4) {
      tail = (bytes.getIntLE(at) & 0xFFFFFFFFL) | ((long) bytes.getIntLE(end - 4) << 32);
    } else if (rest > 0) {
      tail =
          (bytes.getByte(at) & 0xFFL)
              | (bytes.getByte(at + (rest >>> 1)) & 0xFFL) << 8
              | (bytes.getByte(end - 1) & 0xFFL) << 16;
    }
    return mix(mix(h ^ tail, P2), seed ^ P0 ^ length);
  }

  /** REQUIRES: the buffer is little-endian. */
  long of(ByteBuffer bytes, int from, int length) {
    long h = seed ^ length;
    int at = from;
    int end = from + length;
    for (; at + 8 <= end; at += 8) {
      h = mix(h ^ bytes.getLong(at), P1);
    }
    int rest = end - at;
    long tail = 0;
    if (rest >= 4) {
      tail = (bytes.getInt(at) & 0xFFFFFFFFL) | ((long) bytes.getInt(end - 4) << 32);
    } else if (rest > 0) {
      tail =
          (bytes.get(at) & 0xFFL)
              | (bytes.get(at + (rest >>> 1)) & 0xFFL) << 8
              | (bytes.get(end - 1) & 0xFFL) << 16;
    }
    return mix(mix(h ^ tail, P2), seed ^ P0 ^ length);
  }

  private static long mix(long a, long b) {
    return Math.multiplyHigh(a, b) ^ (a * b);
  }
}
