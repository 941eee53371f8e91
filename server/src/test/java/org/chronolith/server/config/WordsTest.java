package org.chronolith.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WordsTest {

  @Test
  void shouldSplitAtBlanks() throws BadValueException {
    assertEquals(List.of("save", "900", "1"), Words.split("  save\t900   1 \r"));
    assertEquals(List.of(), Words.split("   "));
  }

  @Test
  void shouldTakeEscapesInDoubleQuotes() throws BadValueException {
    assertEquals(
        List.of("a b", "\n\r\t\b\u0007é\"\\z"),
        Words.split("\"a b\" \"\\n\\r\\t\\b\\a\\xc3\\xa9\\\"\\\\\\z\""));
    assertEquals(List.of("x", ""), Words.split("x \"\""));
    assertEquals(List.of("xg"), Words.split("\"\\xg\""));
  }

  @Test
  void shouldTakeSingleQuotesLiterally() throws BadValueException {
    assertEquals(List.of("a\\nb", "it's"), Words.split("'a\\nb' 'it\\'s'"));
  }

  @Test
  void shouldRefuseUnbalancedQuotes() throws BadValueException {
    for (String line : List.of("\"a", "'a", "\"a\"b", "'a'b", "x \"", "\"a\\\"")) {
      assertNull(Words.split(line), line);
    }
  }

  @Test
  void shouldRefuseBytesThatAreNoText() {
    assertThrows(BadValueException.class, () -> Words.split("\"\\xff\""));
  }

  @Test
  void shouldReadBackWhatItQuoted() throws BadValueException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      StringBuilder word = new StringBuilder();
      for (int n = random.nextInt(12); n > 0; n--) {
        word.append((char) random.nextInt(random.nextBoolean() ? 128 : 0xd800));
      }
      String line = "name " + Words.quote(word.toString());
      assertEquals(List.of("name", word.toString()), Words.split(line), "seed " + seed);
    }
  }
}
