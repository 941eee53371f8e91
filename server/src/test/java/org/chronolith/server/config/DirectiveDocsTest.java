package org.chronolith.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/configuration.md} equal to the declarations. Run with {@code
 * -Dchronolith.docs.update=true} to write it anew.
 */
class DirectiveDocsTest {

  private static final Path FILE = Path.of("..", "docs", "configuration.md");

  @Test
  void shouldDocumentTheDirectivesAsTheyAreDeclared() throws IOException {
    if (Boolean.getBoolean("chronolith.docs.update")) {
      Files.writeString(FILE, DirectiveDocs.markdown());
    }
    assertEquals(
        DirectiveDocs.markdown(),
        Files.readString(FILE),
        "docs/configuration.md is out of date: run this test with -Dchronolith.docs.update=true");
  }
}
