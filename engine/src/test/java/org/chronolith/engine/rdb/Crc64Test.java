package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class Crc64Test {
  @Test
  void shouldGiveRedissCheckValue() {
    // The check value of crc64.c.
    ByteBuf bytes = Unpooled.copiedBuffer("123456789", StandardCharsets.US_ASCII);
    Crc64 crc = new Crc64();
    crc.update(bytes, 0, 9);
    assertEquals(0xe9c6d914c4b8d9caL, crc.value());
  }

  @Test
  void shouldNotDependOnHowTheBytesAreCut() {
    byte[] bytes = new byte[1000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
    Crc64 whole = new Crc64();
    whole.update(buffer, 0, bytes.length);
    for (int cut = 0; cut < bytes.length; cut += 7) {
      Crc64 parts = new Crc64();
      parts.update(buffer, 0, cut);
      parts.update(buffer, cut, bytes.length - cut);
      assertEquals(whole.value(), parts.value());
    }
  }
}
