package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients are told between the start of the process and the end of the loading. */
@Tag("slow")
class LoadingIT {
  private static final int KEYS = 1_000_000;

  @TempDir Path directory;

  @Test
  void shouldAnswerLoadingUntilTheLogIsRead() {
    int port = ChronolithProcess.freePort();
    try (ChronolithProcess server = ChronolithProcess.start(directory, port, "--save", "")) {
      fill(server);
      server.kill();
    }
    try (ChronolithProcess server = ChronolithProcess.launch(directory, port)) {
      int refused = 0;
      try (RespClient client = connect(server.port())) {
        while (client.info("persistence", "loading").equals("1")) {
          refused += isLoading(client) ? 1 : 0;
        }
        assertEquals("v" + (KEYS - 1), client.call("GET", "key:" + (KEYS - 1)));
        assertEquals((long) KEYS, client.call("DBSIZE"));
      }
      assertTrue(refused > 0, "the loading was over before it was seen: more keys are needed");
    }
  }

  private static void fill(ChronolithProcess server) {
    try (RespClient client = server.connect()) {
      for (int i = 0; i < KEYS; i++) {
        client.send("SET", "key:" + i, "v" + i);
        if (i % 1000 == 999) {
          client.flush();
          for (int reply = 0; reply < 1000; reply++) {
            assertEquals("OK", client.receive());
          }
        }
      }
    }
  }

  private static RespClient connect(int port) {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (true) {
      try {
        return new RespClient(port);
      } catch (RespClient.Disconnected e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  /** Whether a read is refused; an answer means that the loading has just ended. */
  private static boolean isLoading(RespClient client) {
    try {
      client.call("GET", "key:0");
      return false;
    } catch (RespClient.ErrorReply e) {
      assertEquals("LOADING Redis is loading the dataset in memory", e.getMessage());
      return true;
    }
  }
}
