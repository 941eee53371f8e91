package org.chronolith.server.commands.strings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CommonSubsequenceTest {
  /** The whole table, and the way back through it as Redis goes it. */
  private static String expected(String left, String right) {
    int[][] table = new int[left.length() + 1][right.length() + 1];
    for (int i = 1; i <= left.length(); i++) {
      for (int j = 1; j <= right.length(); j++) {
        table[i][j] =
            left.charAt(i - 1) == right.charAt(j - 1)
                ? table[i - 1][j - 1] + 1
                : Math.max(table[i - 1][j], table[i][j - 1]);
      }
    }
    StringBuilder found = new StringBuilder();
    int i = left.length();
    int j = right.length();
    while (i > 0 && j > 0) {
      if (left.charAt(i - 1) == right.charAt(j - 1)) {
        found.append(left.charAt(i - 1));
        i--;
        j--;
      } else if (table[i - 1][j] > table[i][j - 1]) {
        i--;
      } else {
        j--;
      }
    }
    return found.reverse().toString();
  }

  @Test
  void shouldFindWhatTheWholeTableFinds() {
    Random random = new Random(3);
    for (int i = 0; i < 500; i++) {
      String left = word(random);
      String right = word(random);
      CommonSubsequence common = new CommonSubsequence(bytes(left), bytes(right), true);
      String found = new String(common.bytes(), StandardCharsets.US_ASCII);
      assertEquals(expected(left, right), found, left + " and " + right);
      assertEquals(found.length(), common.length());
      assertEquals(
          found.length(), new CommonSubsequence(bytes(left), bytes(right), false).length());
      List<String> runs = new ArrayList<>();
      common.forEachRun(
          (leftStart, leftEnd, rightStart, rightEnd) -> {
            assertEquals(
                left.substring(leftStart, leftEnd + 1), right.substring(rightStart, rightEnd + 1));
            runs.add(0, left.substring(leftStart, leftEnd + 1));
          });
      assertEquals(found, String.join("", runs));
    }
  }

  @Test
  void shouldBoundItsMemory() {
    assertTrue(CommonSubsequence.fits(9, 9, 400));
    assertFalse(CommonSubsequence.fits(9, 9, 399));
    assertFalse(CommonSubsequence.fits(Integer.MAX_VALUE, Integer.MAX_VALUE, 512 << 20));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String word(Random random) {
    StringBuilder word = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      word.append((char) ('a' + random.nextInt(4)));
    }
    return word.toString();
  }
}
