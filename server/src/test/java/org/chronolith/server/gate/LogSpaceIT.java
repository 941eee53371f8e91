package org.chronolith.server.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes come faster than log space is reserved: they wait, and none gets an error. */
@Tag("slow")
final class LogSpaceIT {

  private static final int CLIENTS = 8;
  private static final int SETS_PER_CLIENT = 24;
  private static final int VALUE_BYTES = 1 << 20;

  @Test
  void shouldMakeWritesWaitWhileSpaceIsReserved(@TempDir Path data) {
    String value = "x".repeat(VALUE_BYTES);
    try (ChronolithProcess server =
        ChronolithProcess.start(data, ChronolithProcess.freePort(), "--save", "")) {
      List<RespClient> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(server.connect());
      }
      for (int n = 0; n < SETS_PER_CLIENT; n++) {
        for (RespClient client : clients) {
          client.send("SET", "key:" + n, value);
          client.flush();
        }
      }
      for (RespClient client : clients) {
        for (int n = 0; n < SETS_PER_CLIENT; n++) {
          assertEquals("OK", client.receive());
        }
        client.close();
      }
      assertFalse(server.output().contains("writes are refused"), server.output());
    }
  }
}
