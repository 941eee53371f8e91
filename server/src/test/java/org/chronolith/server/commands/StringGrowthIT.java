package org.chronolith.server.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Short requests that make long strings, of more bytes than the process may take. */
@Tag("slow")
class StringGrowthIT {
  private static final List<List<String>> REQUESTS =
      List.of(
          List.of("SETBIT", "new", "4000000000", "1"),
          List.of("SETBIT", "old", "4000000000", "1"),
          List.of("BITFIELD", "new", "SET", "u8", "4000000000", "1"),
          List.of("BITFIELD", "old", "GET", "u8", "0", "INCRBY", "i64", "4000000000", "1"),
          List.of("SETRANGE", "new", "500000000", "x"),
          List.of("SETRANGE", "old", "500000000", "x"),
          List.of("BITOP", "NOT", "new", "large"));

  @Test
  void shouldRefuseStringsForWhichThereIsNoMemoryAndChangeNothing(@TempDir Path directory) {
    try (ChronolithProcess node =
            ChronolithProcess.startWith(
                "-XX:MaxDirectMemorySize=200m",
                directory.resolve("data"),
                ChronolithProcess.freePort(),
                "--enable-debug-command",
                "yes");
        RespClient client = node.connect()) {
      client.call("SET", "old", "value");
      client.call("SETBIT", "large", Integer.toString(75 << 23), "1");
      Object before = client.call("DEBUG", "DIGEST");
      for (List<String> request : REQUESTS) {
        RespClient.ErrorReply refused =
            assertThrows(
                RespClient.ErrorReply.class,
                () -> client.call(request.toArray(String[]::new)),
                request::toString);
        assertTrue(refused.getMessage().startsWith("OOM command not allowed"), request::toString);
      }
      assertEquals(before, client.call("DEBUG", "DIGEST"));
    }
  }
}
