package org.chronolith.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, -1, 9, 10, 1234567890123L, Long.MAX_VALUE, Long.MIN_VALUE, -9007199254740993L})
  void shouldReadCanonicalIntegers(long value) {
    assertEquals(
        value, Numbers.integer(slice(Long.toString(value)), CommandException.NOT_AN_INTEGER));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "+1",
        "01",
        "-0",
        "-01",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "9223372036854775808",
        "-9223372036854775809",
        "92233720368547758070",
        "--1",
        "1-",
        "99999999999999999999"
      })
  void shouldRefuseAnythingElseAsInteger(String text) {
    assertThrows(
        CommandException.class,
        () -> Numbers.integer(slice(text), CommandException.NOT_AN_INTEGER));
  }

  @Test
  void shouldReadDoubles() {
    assertEquals(3.0, floating("3"));
    assertEquals(-3.5, floating("-3.5"));
    assertEquals(1e300, floating("1e300"));
    assertEquals(0.1, floating("+.1"));
    assertEquals(12345678901234567.0, floating("12345678901234567"));
    assertEquals(Double.POSITIVE_INFINITY, floating("inf"));
    assertEquals(Double.POSITIVE_INFINITY, floating("+Infinity"));
    assertEquals(Double.NEGATIVE_INFINITY, floating("-inf"));
    assertEquals("-0.0", Double.toString(floating("-0")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nan", "-nan", " 1", "1 ", "1f", "1d", "abc", "1e", "--1", "e5", "."})
  void shouldRefuseAnythingElseAsDouble(String text) {
    assertThrows(CommandException.class, () -> floating(text));
  }

  private static double floating(String text) {
    return Numbers.floating(slice(text), CommandException.NOT_A_FLOAT);
  }

  private static Slice slice(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }
}
