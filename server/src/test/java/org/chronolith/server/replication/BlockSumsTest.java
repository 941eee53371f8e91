package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class BlockSumsTest {
  private static final int BLOCK = BlockSums.BLOCK_BYTES;

  private static int crc(byte[] bytes, int from) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, BLOCK);
    return (int) crc.getValue();
  }

  @Test
  void shouldFindTheBlockOfAnOffset() {
    assertEquals(0, BlockSums.floor(0));
    assertEquals(0, BlockSums.floor(BLOCK - 1));
    assertEquals(BLOCK, BlockSums.floor(BLOCK));
    assertEquals(0, BlockSums.ceiling(0));
    assertEquals(BLOCK, BlockSums.ceiling(1));
    assertEquals(BLOCK, BlockSums.ceiling(BLOCK));
  }

  @Test
  void shouldSumWholeBlocksHoweverTheBytesArrive() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] stream = new byte[10 * BLOCK + 77];
    random.nextBytes(stream);
    ByteBuf bytes = Unpooled.wrappedBuffer(stream);
    for (int start : new int[] {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 100}) {
      BlockSums sums = new BlockSums(64);
      sums.begin(start);
      int at = start;
      while (at < stream.length) {
        int length = Math.min(stream.length - at, 1 + random.nextInt(3 * BLOCK));
        sums.update(bytes, at, length);
        at += length;
        assertEquals(at, sums.offset());
      }
      for (int block = 0; block < 12; block++) {
        long offset = (long) block * BLOCK;
        boolean whole = offset >= start && block < 10;
        assertEquals(whole, sums.has(offset), "seed " + seed + " start " + start + " of " + block);
        if (whole) {
          assertEquals(crc(stream, block * BLOCK), sums.sum(offset), "seed " + seed);
        }
      }
    }
  }

  @Test
  void shouldKeepTheNewestAndBeginAnew() {
    byte[] stream = new byte[5 * BLOCK];
    new Random(1).nextBytes(stream);
    ByteBuf bytes = Unpooled.wrappedBuffer(stream);
    BlockSums sums = new BlockSums(2);
    sums.begin(0);
    sums.update(bytes, 0, stream.length);
    assertFalse(sums.has(2L * BLOCK));
    assertTrue(sums.has(3L * BLOCK));
    assertEquals(crc(stream, 4 * BLOCK), sums.sum(4L * BLOCK));
    sums.begin(BLOCK);
    assertFalse(sums.has(4L * BLOCK));
    sums.update(bytes, BLOCK, BLOCK);
    assertEquals(crc(stream, BLOCK), sums.sum(BLOCK));
  }
}
