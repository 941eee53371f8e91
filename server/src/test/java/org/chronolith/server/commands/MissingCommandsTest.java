package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/migration.md} equal to the list of what is missing. Run with {@code
 * -Dchronolith.docs.update=true} to write it anew.
 */
class MissingCommandsTest {
  private static final Path FILE = Path.of("..", "docs", "migration.md");
  private static final String BEGIN = "<!-- missing write commands: begin -->\n";
  private static final String END = "<!-- missing write commands: end -->\n";

  @Test
  void shouldNameInTheDocumentationWhatIsMissing() throws Exception {
    String page = Files.readString(FILE);
    int from = page.indexOf(BEGIN) + BEGIN.length();
    int to = page.indexOf(END, from);
    if (Boolean.getBoolean("chronolith.docs.update")) {
      page = page.substring(0, from) + MissingCommands.markdown() + page.substring(to);
      Files.writeString(FILE, page);
      to = page.indexOf(END, from);
    }
    assertEquals(
        MissingCommands.markdown(),
        page.substring(from, to),
        "docs/migration.md is out of date: run this test with -Dchronolith.docs.update=true");
  }
}
