package org.chronolith.engine.types.zset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.util.Random;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScoreTextTest {
  /** The words and the scores that redis-server 7.0.15 makes of them. */
  @ParameterizedTest
  @CsvSource({
    "0x10, 16",
    "0x1p3, 8",
    "0X1P-2, 0.25",
    "infinity, inf",
    "+inf, inf",
    "-Inf, -inf",
    "5., 5",
    ".5, 0.5",
    "1e5, 100000",
    "4.9e-324, 4.9406564584124654e-324",
    "3.1, 3.1000000000000001",
    "-0.0, -0",
    "+7, 7",
    "12345678901234567890, 1.2345678901234567e+19",
    "1e22, 1e+22",
    "1.5e-7, 1.4999999999999999e-07",
    "123456789012345, 123456789012345",
    "0.0001, 0.0001",
    "0.00001, 1.0000000000000001e-05"
  })
  void shouldReadAndPrintAsRedisDoes(String word, String printed) {
    assertEquals(printed, ScoreText.format(ScoreText.parse(slice(word))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "nan", "NaN", "1e400", "1e-400", "-1e400", "0x", ".", "-", "+-1", "1e", " 1", "1 ",
        "1d", "1f", "1_0", "--1", "1e+", "infx", "0xg", "1.2.3", "0x1p", "Infinit"
      })
  void shouldRefuseWhatIsNoNumber(String word) {
    assertTrue(Double.isNaN(ScoreText.parse(slice(word))), word);
  }

  /** The bounds that redis-server 7.0.15 takes, more of them than scores. */
  @ParameterizedTest
  @CsvSource(
      value = {
        "|0",
        "1e400|inf",
        "-1e400|-inf",
        "1e-400|0",
        "' 1'|1",
        "'\t\r\n 2'|2",
        "+inf|inf",
        "3|3",
        "0x10|16",
        "'1\0x'|1",
        "'\0'|0"
      },
      delimiter = '|')
  void shouldReadBoundsAsRedisDoes(String word, String printed) {
    ScoreRange range = ScoreRange.parse(slice(text(word)), slice("(" + text(word)));
    assertEquals(printed, ScoreText.format(range.min()));
    assertFalse(range.minExclusive());
    assertEquals(printed, ScoreText.format(range.max()));
    assertTrue(range.maxExclusive());
  }

  private static String text(String word) {
    return word == null ? "" : word;
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan", "x", " ", "1 ", "((1", "0x", "-", "[1", "1e"})
  void shouldRefuseBoundsThatAreNoNumbers(String word) {
    assertNull(ScoreRange.parse(slice(word), slice("1")));
    assertNull(ScoreRange.parse(slice("1"), slice(word)));
    assertNull(ScoreRange.parse(slice("1"), slice("(" + word)));
  }

  @Test
  void shouldAgreeWithTheJdkOnRandomNumbers() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      double value =
          i % 2 == 0
              ? random.nextInt(1_000_000) / Math.pow(10, random.nextInt(7))
              : Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(value)) {
        assertEquals(value, ScoreText.parse(slice(Double.toString(value))));
        assertEquals(value, ScoreText.parse(slice(ScoreText.format(value))));
      }
    }
  }

  private static Slice slice(String text) {
    return new Slice(Unpooled.wrappedBuffer(text.getBytes()), 0, text.length());
  }
}
