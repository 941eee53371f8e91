package org.chronolith.server.commands.bitmaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.Slice;
import org.chronolith.server.command.CommandException;
import org.junit.jupiter.api.Test;

class FieldTypeTest {
  private static FieldType type(String word) {
    byte[] bytes = word.getBytes(StandardCharsets.US_ASCII);
    return FieldType.of(new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length));
  }

  @Test
  void shouldKnowTheRangeOfEachWidth() {
    assertEquals(List.of(127L, -128L), List.of(type("i8").max(), type("i8").min()));
    assertEquals(List.of(255L, 0L), List.of(type("u8").max(), type("u8").min()));
    assertEquals(List.of(0L, -1L), List.of(type("i1").max(), type("i1").min()));
    assertEquals(Long.MAX_VALUE, type("u63").max());
    assertEquals(Long.MAX_VALUE, type("i64").max());
    assertEquals(Long.MIN_VALUE, type("i64").min());
  }

  @Test
  void shouldRefuseOtherWords() {
    for (String word : List.of("", "i", "u", "u0", "u64", "i65", "x8", "8", "i-1", "i08", "u1x")) {
      assertThrows(CommandException.class, () -> type(word), word);
    }
  }

  @Test
  void shouldFindSumsOutOfRangeAsEndlessIntegersDo() {
    Random random = new Random(9);
    for (int i = 0; i < 200_000; i++) {
      boolean signed = random.nextBoolean();
      FieldType type = new FieldType(signed, 1 + random.nextInt(signed ? 64 : 63));
      long value = type.valueOf(random.nextLong());
      long increment = random.nextLong() >> random.nextInt(64);
      BigInteger sum = BigInteger.valueOf(value).add(BigInteger.valueOf(increment));
      String what = type + ": " + value + " + " + increment;
      assertEquals(
          sum.compareTo(BigInteger.valueOf(type.max())) > 0,
          type.overflows(value, increment),
          what);
      assertEquals(
          sum.compareTo(BigInteger.valueOf(type.min())) < 0,
          type.underflows(value, increment),
          what);
    }
  }

  /** What redis-server does where its own arithmetic wraps. */
  @Test
  void shouldTakeAVeryLowValueThatIsSetForOneThatIsTooHigh() {
    FieldType type = type("i62");
    assertTrue(type.overflows(-7_041_241_945_464_366_186L, 0));
    assertFalse(type.overflows(-3_000_000_000_000_000_000L, 0));
    assertTrue(type.underflows(-3_000_000_000_000_000_000L, 0));
    assertTrue(type("u8").overflows(-1, 0));
  }
}
