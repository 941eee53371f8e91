package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LzfTest {
  @Test
  void shouldUnfoldLiteralsAndCopies() {
    assertEquals("abc", unfold(3, 2, 'a', 'b', 'c'));
    assertEquals("abcabcab", unfold(8, 2, 'a', 'b', 'c', 3 << 5, 2));
    assertEquals("xxxxxxxxxxx", unfold(11, 0, 'x', 7 << 5, 1, 0));
    assertEquals("abab-abab", unfold(9, 1, 'a', 'b', 0, 'a', 0, 'b', 0, '-', 2 << 5, 4));
  }

  @Test
  void shouldRefuseWhatLeadsOutside() {
    assertFails(3, 3, 'a', 'b', 'c');
    assertFails(2, 2, 'a', 'b', 'c');
    assertFails(4, 2, 'a', 'b', 'c');
    assertFails(9, 0, 'x', 7 << 5);
    assertFails(4, 0, 'x', 1 << 5);
    assertFails(4, 0, 'x', 1 << 5, 1);
    assertFails(4, 1 << 5, 0, 'x');
    assertFails(3, 0, 'x', 1 << 5, 0);
  }

  private static String unfold(int length, int... packed) {
    ByteBuf out = Unpooled.buffer(length + 4).writeByte('!');
    assertTrue(Lzf.decompress(bytes(packed), out, length));
    assertEquals('!', out.readByte());
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  private static void assertFails(int length, int... packed) {
    assertFalse(Lzf.decompress(bytes(packed), Unpooled.buffer(64), length));
  }

  private static ByteBuf bytes(int... values) {
    ByteBuf bytes = Unpooled.buffer();
    for (int value : values) {
      bytes.writeByte(value);
    }
    return bytes;
  }
}
