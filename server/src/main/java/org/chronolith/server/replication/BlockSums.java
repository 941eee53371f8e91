package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import java.util.zip.CRC32C;

/**
 * The CRC32C of each aligned block of stream offsets that passes by, of the newest blocks. Blocks
 * are those of {@value #BLOCK_BYTES} bytes from offset 0 on, whatever a record or a link begins
 * with; one of which only a part has passed has no checksum.
 *
 * <p>Thread: one at a time.
 */
final class BlockSums {
  static final int BLOCK_BYTES = 64 << 10;

  private final int[] sums;
  private final CRC32C crc = new CRC32C();

  /** Offset of the next byte to pass. */
  private long offset;

  /** The oldest block whose checksum is kept. */
  private long first;

  /** The block behind the newest one; what passes is summed from here on. */
  private long next;

  /**
   * @param most blocks to keep
   */
  BlockSums(int most) {
    sums = new int[most];
  }

  /** The start of the block that {@code offset} lies in. */
  static long floor(long offset) {
    return offset - offset % BLOCK_BYTES;
  }

  /** The first start of a block that is not below {@code offset}. */
  static long ceiling(long offset) {
    return floor(offset + BLOCK_BYTES - 1);
  }

  /** Forgets all; the next byte is that at {@code newOffset}. */
  void begin(long newOffset) {
    offset = newOffset;
    next = ceiling(newOffset);
    first = next;
    crc.reset();
  }

  /** The next bytes of the stream. The buffer has one contiguous memory and is not moved. */
  void update(ByteBuf bytes, int from, int length) {
    int at = from;
    int left = length;
    while (left > 0) {
      int take = (int) Math.min(left, floor(offset) + BLOCK_BYTES - offset);
      if (offset >= next) {
        crc.update(bytes.internalNioBuffer(at, take));
      }
      at += take;
      left -= take;
      offset += take;
      if (offset == next + BLOCK_BYTES) {
        sums[slot(next)] = (int) crc.getValue();
        crc.reset();
        next = offset;
        first = Math.max(first, next - (long) sums.length * BLOCK_BYTES);
      }
    }
  }

  /** Offset of the next byte. */
  long offset() {
    return offset;
  }

  /** Whether {@link #sum} knows the block that starts at {@code block}. */
  boolean has(long block) {
    return block >= first && block < next;
  }

  /** REQUIRES: {@link #has}. */
  int sum(long block) {
    return sums[slot(block)];
  }

  private int slot(long block) {
    return (int) (block / BLOCK_BYTES % sums.length);
  }
}
