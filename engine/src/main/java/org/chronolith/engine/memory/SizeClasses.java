package org.chronolith.engine.memory;

/**
 * Block sizes: multiples of 16 up to 256 bytes, then eight steps per doubling up to {@link
 * SlabAllocator#MAX_BLOCK_BYTES}, so that rounding up wastes at most an eighth.
 */
final class SizeClasses {
  static final int COUNT = 80;
  private static final int LINEAR_MAX = 256;
  private static final int LINEAR_COUNT = 16;
  private static final int[] BYTES = new int[COUNT];

  static {
    for (int i = 0; i < LINEAR_COUNT; i++) {
      BYTES[i] = (i + 1) * 16;
    }
    for (int i = LINEAR_COUNT; i < COUNT; i++) {
      int doubling = (i - LINEAR_COUNT) / 8;
      int step = (i - LINEAR_COUNT) % 8 + 1;
      BYTES[i] = (LINEAR_MAX + step * LINEAR_MAX / 8) << doubling;
    }
  }

  private SizeClasses() {}

  /** The smallest class that holds {@code bytes}, {@code 1 <= bytes <= MAX_BLOCK_BYTES}. */
  static int of(int bytes) {
    if (bytes <= LINEAR_MAX) {
      return bytes <= 0 ? 0 : (bytes - 1) >>> 4;
    }
    int last = bytes - 1;
    int log = 31 - Integer.numberOfLeadingZeros(last);
    return LINEAR_COUNT + ((log - 8) << 3) + ((last >>> (log - 3)) & 7);
  }

  static int bytes(int sizeClass) {
    return BYTES[sizeClass];
  }
}
