package org.chronolith.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.Test;

/** The expected digits are those of redis-server 7.0.15 on x86-64. */
class LongDoubleTest {
  private static LongDouble read(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return LongDouble.read(
        new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length), CommandException.NOT_A_FLOAT);
  }

  private static String sum(String left, String right) {
    return new String(read(left).plus(read(right)).digits(), StandardCharsets.US_ASCII);
  }

  @Test
  void shouldHave64SignificantBits() {
    assertEquals("100000000000000000000", sum("1e20", "0.5"));
    assertEquals("0.3", sum("0.1", "0.2"));
    assertEquals("18446744073709551615", sum("18446744073709551614", "1"));
    assertEquals("18446744073709551616", sum("18446744073709551615", "0.5"));
    assertEquals("18446744073709551616", sum("18446744073709551616", "1"));
    assertEquals("0", sum("0.1", "-0.1"));
    assertEquals("0", sum("1e-18", "0"));
    assertEquals("-0.5", sum("-1", ".5"));
    String large = sum("1e400", "0");
    assertEquals(401, large.length());
    assertTrue(large.startsWith("1000000000000000000028188068394758651458645343362905203862591"));
    assertTrue(large.endsWith("362664138176309734806343732497430221946880"));
  }

  @Test
  void shouldEndBeyondTheGreatestNumber() {
    assertTrue(read("inf").isInfinite());
    assertTrue(read("-Infinity").isInfinite());
    assertTrue(read("1e4932").plus(read("1e4932")).isInfinite());
    assertTrue(read("1").plus(read("inf")).isInfinite());
    for (String text : List.of("1e4933", "1e999999999", "1e-5000", "1e-999999999")) {
      assertThrows(CommandException.class, () -> read(text), text);
    }
  }

  @Test
  void shouldRefuseWhatIsNoNumber() {
    for (String text :
        List.of(
            "", " 1", "1 ", "abc", "1e", "nan", "--1", ".", "1..2", "0x", "1f", "9".repeat(6000))) {
      assertThrows(CommandException.class, () -> read(text), text);
    }
  }
}
