package org.chronolith.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process is stopped while clients write and keys expire. */
@Tag("slow")
class StopIT {
  private static final int STOPS = 4;
  private static final int PIPELINE = 200;

  @TempDir Path data;

  @Test
  void shouldStopCleanlyWhileKeysExpireAndClientsWrite() throws Exception {
    int port = ChronolithProcess.freePort();
    String id = null;
    for (int i = 0; i < STOPS; i++) {
      ChronolithProcess server = ChronolithProcess.start(data, port, "--save", "");
      try (RespClient client = server.connect()) {
        String found = client.info("replication", "master_replid");
        assertEquals(id == null ? found : id, found, "it was clean");
        id = found;
      }
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread writer = new Thread(() -> write(port, failure), "writer");
      writer.start();
      try (RespClient client = server.connect()) {
        while (Long.parseLong(client.info("stats", "expired_keys")) < 1_000) {
          Thread.onSpinWait();
        }
      }
      assertEquals(0, server.stop(), server::output);
      writer.join();
      assertNull(failure.get());
    }
  }

  private static void write(int port, AtomicReference<Throwable> failure) {
    try (RespClient client = new RespClient(port)) {
      for (int i = 0; ; i++) {
        for (int j = 0; j < PIPELINE; j++) {
          client.send("SET", "key" + (i * PIPELINE + j), "value", "PX", Integer.toString(1 + j));
        }
        client.flush();
        for (int j = 0; j < PIPELINE; j++) {
          client.receive();
        }
      }
    } catch (RespClient.Disconnected e) {
      // The server is stopped.
      return;
    } catch (RuntimeException | Error e) {
      failure.set(e);
    }
  }
}
