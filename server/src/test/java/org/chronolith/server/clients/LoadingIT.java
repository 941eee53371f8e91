package org.chronolith.server.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that come while the data is being loaded. */
@Tag("slow")
class LoadingIT {
  @Test
  void shouldShakeHandsFromTheFirstConnectionOn(@TempDir Path dir) {
    try (ChronolithProcess server = ChronolithProcess.launch(dir, ChronolithProcess.freePort())) {
      int handshakes = 0;
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      boolean ready = false;
      while (!ready) {
        assertTrue(System.nanoTime() < deadline, server.output());
        try (RespClient client = server.connect()) {
          assertEquals(14, ((java.util.List<?>) client.call("HELLO", "2")).size());
          assertEquals("OK", client.call("SELECT", "1"));
          assertEquals("OK", client.call("CLIENT", "SETNAME", "early"));
          handshakes++;
          ready = isReady(client);
        } catch (RespClient.Disconnected notListening) {
          Thread.onSpinWait();
        }
      }
      assertTrue(handshakes > 0);
    }
  }

  private static boolean isReady(RespClient client) {
    try {
      return "PONG".equals(client.call("PING"));
    } catch (RespClient.ErrorReply loading) {
      assertTrue(loading.getMessage().startsWith("LOADING"), loading.getMessage());
      return false;
    }
  }
}
