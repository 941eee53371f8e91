package org.chronolith.bench.tutorial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.chronolith.bench.tutorial.TutorialPage.Command;
import org.chronolith.bench.tutorial.TutorialPage.ConfigFile;
import org.junit.jupiter.api.Test;

final class TutorialPageTest {

  @Test
  void shouldReadFilesAndCommandsWithTheirOutput() {
    List<String> page =
        List.of(
            "Text with a $ sign.",
            "```conf",
            "# a/b.conf",
            "port 1",
            "```",
            "```console",
            "$ first",
            "one",
            "",
            "$ second",
            "```");
    assertEquals(
        List.of(
            new ConfigFile("a/b.conf", "# a/b.conf\nport 1\n"),
            new Command(7, "first", List.of("one", "")),
            new Command(10, "second", List.of())),
        TutorialPage.parse(page));
  }

  @Test
  void shouldRefuseBlocksThatItDoesNotUnderstand() {
    assertRefused("line 1:", "```console", "$ never closed");
    assertRefused("line 2:", "```console", "output", "```");
    assertRefused("line 1:", "```conf", "port 1", "```");
    assertRefused("line 1:", "```java", "```");
  }

  @Test
  void shouldMatchTheWildcardWithinALineAndOverLines() {
    assertMatch(true, List.of("a", "…", "z"), List.of("a", "z"));
    assertMatch(true, List.of("a", "…", "z"), List.of("a", "b", "c", "z"));
    assertMatch(true, List.of("offset=…,lag=…"), List.of("offset=12,lag=0"));
    assertMatch(true, List.of("…"), List.of());
    assertMatch(false, List.of("a", "…", "z"), List.of("a", "b"));
    assertMatch(false, List.of("a…"), List.of("a", "b"));
    assertMatch(false, List.of("a"), List.of("a", "b"));
    assertMatch(false, List.of(), List.of("b"));
    assertMatch(false, List.of("a.c"), List.of("abc"));
  }

  private static void assertMatch(boolean match, List<String> expected, List<String> actual) {
    assertEquals(match, OutputPattern.matches(expected, actual), expected + " and " + actual);
  }

  private static void assertRefused(String where, String... page) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> TutorialPage.parse(List.of(page)))
            .getMessage();
    assertTrue(message.startsWith(where), message);
    assertFalse(message.isBlank());
  }
}
