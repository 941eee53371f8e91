package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoubleTextTest {
  @ParameterizedTest
  @CsvSource({
    "0,0",
    "-0.0,-0",
    "3,3",
    "-17,-17",
    "0.5,0.5",
    "3.1,3.1000000000000001",
    "0.1,0.10000000000000001",
    "1e-5,1.0000000000000001e-05",
    "0.0001,0.0001",
    "123456789012345678,1.2345678901234568e+17",
    "1e20,1e+20",
    "1e16,10000000000000000",
    "99999999999999999,1e+17",
    "1.5e300,1.5000000000000001e+300",
    "4.9e-324,4.9406564584124654e-324",
    "1.7976931348623157e308,1.7976931348623157e+308",
    "100.25,100.25",
    "-2.5e-7,-2.4999999999999999e-07"
  })
  void shouldPrintAsC(double value, String expected) {
    assertEquals(expected, DoubleText.of(value));
  }

  @Test
  void shouldPrintWhatIsNoNumber() {
    assertEquals("inf", DoubleText.of(Double.POSITIVE_INFINITY));
    assertEquals("-inf", DoubleText.of(Double.NEGATIVE_INFINITY));
    assertEquals("nan", DoubleText.of(Double.NaN));
  }

  @Test
  void shouldReadBackAsTheSameDouble() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 50_000; i++) {
      double value =
          i % 2 == 0
              ? Double.longBitsToDouble(random.nextLong())
              : random.nextInt(1_000_000) / (double) (1 + random.nextInt(1_000));
      if (Double.isFinite(value)) {
        String text = DoubleText.of(value);
        assertEquals(value, Double.parseDouble(text), "seed " + seed);
        assertEquals(true, new BigDecimal(text).precision() <= 17, text);
      }
    }
  }
}
