package org.chronolith.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.chronolith.server.command.CommandDocs;
import org.chronolith.server.config.ConfigLoader;
import org.junit.jupiter.api.Test;

/**
 * Keeps {@code docs/commands.md} equal to the declarations. Run with {@code
 * -Dchronolith.docs.update=true} to write it anew.
 */
class CommandDocsTest {
  private static final Path FILE = Path.of("..", "docs", "commands.md");

  @Test
  void shouldDocumentTheCommandsAsTheyAreDeclared() throws Exception {
    Server server = new Server(ConfigLoader.of());
    try {
      String markdown = CommandDocs.markdown(server.table());
      if (Boolean.getBoolean("chronolith.docs.update")) {
        Files.writeString(FILE, markdown);
      }
      assertEquals(
          markdown,
          Files.readString(FILE),
          "docs/commands.md is out of date: run this test with -Dchronolith.docs.update=true");
    } finally {
      server.stop();
    }
  }
}
