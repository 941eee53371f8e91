package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutputBufferTest {
  private final AtomicInteger told = new AtomicInteger();
  private final OutputBuffer out =
      new OutputBuffer(UnpooledByteBufAllocator.DEFAULT, told::incrementAndGet);

  /**
   * As after CLIENT REPLY SKIP, or a request that is put off: the turn ends with nothing to take.
   */
  @Test
  void shouldTellOfTheFirstByteAfterATurnWhoseRepliesWereAllTakenBack() {
    out.room(5).writeBytes(new byte[5]);
    out.rewind(0);
    assertEquals(0, out.pendingBytes());
    out.room(3).writeBytes(new byte[3]);
    assertEquals(2, told.get());
    out.take(3, ByteBuf::release);
    out.room(100).writeBytes(new byte[100]);
    out.seal();
    out.room(OutputBuffer.CHUNK_BYTES + 1).writeBytes(new byte[OutputBuffer.CHUNK_BYTES + 1]);
    out.rewind(3);
    assertEquals(3, out.position());
    int before = told.get();
    out.room(1).writeByte(1);
    assertEquals(before + 1, told.get());
    out.release();
  }
}
