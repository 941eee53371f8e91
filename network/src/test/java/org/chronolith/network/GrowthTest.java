package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class GrowthTest {
  private static final int MIB = 1 << 20;

  /** Of a buffer of so many bytes that is full, but for 100 that were read. */
  private static int grown(int capacity, int moreBytes, long wantedBytes) {
    ByteBuf buffer = Unpooled.directBuffer(capacity);
    try {
      buffer.writerIndex(capacity).readerIndex(100);
      Growth.makeRoom(buffer, moreBytes, wantedBytes);
      return buffer.capacity();
    } finally {
      buffer.release();
    }
  }

  @Test
  void shouldDoubleABufferAndGoNoFurtherThanIsWanted() {
    assertEquals(16 * MIB, grown(8 * MIB, 1_000, 0), "in one step, however large it is");
    assertEquals(16 * MIB, grown(8 * MIB, 1_000, 1L << 40), "no more than has arrived");
    assertEquals(10 * MIB + 100, grown(8 * MIB, 1_000, 10 * MIB));
    assertEquals(8 * MIB + 1_000, grown(8 * MIB, 1_000, 8 * MIB), "what has arrived in any case");
    assertEquals(30 * MIB, grown(8 * MIB, 22 * MIB, 0));
    assertEquals(8 * MIB, grown(8 * MIB, 0, 0));
  }
}
