package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
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
          assertEquals("master", ((List<?>) client.call("ROLE")).get(0));
          assertEquals("master", helloRole(client));
          assertEquals("master", client.info("replication", "role"));
          assertEquals(40, client.info("replication", "master_replid").length());
        }
        assertEquals("v" + (KEYS - 1), client.call("GET", "key:" + (KEYS - 1)));
        assertEquals((long) KEYS, client.call("DBSIZE"));
      }
      assertTrue(refused > 0, "the loading was over before it was seen: more keys are needed");
    }
  }

  @Test
  void shouldSayThatItIsAReplicaWhileItLoads() {
    int port = ChronolithProcess.freePort();
    try (ChronolithProcess server = ChronolithProcess.start(directory, port, "--save", "")) {
      fill(server);
      server.kill();
    }
    int nobody = ChronolithProcess.freePort();
    String master = "127.0.0.1 " + nobody;
    try (ChronolithProcess server =
            ChronolithProcess.launch(
                directory, port, "--replicaof", master, "--replica-priority", "7");
        RespClient client = connect(server.port())) {
      int seen = 0;
      while (client.info("persistence", "loading").equals("1")) {
        List<?> role = (List<?>) client.call("ROLE");
        assertEquals("slave", role.get(0));
        assertEquals("127.0.0.1", role.get(1));
        assertEquals((long) nobody, role.get(2));
        assertEquals(-1L, role.get(4));
        assertEquals("replica", helloRole(client));
        assertEquals("slave", client.info("replication", "role"));
        assertEquals("127.0.0.1", client.info("replication", "master_host"));
        assertEquals("" + nobody, client.info("replication", "master_port"));
        assertEquals("down", client.info("replication", "master_link_status"));
        assertEquals("7", client.info("replication", "slave_priority"));
        assertEquals("1", client.info("replication", "replica_announced"));
        assertEquals(40, client.info("replication", "master_replid").length());
        seen++;
      }
      assertTrue(seen > 0, "the loading was over before it was seen: more keys are needed");
    }
  }

  private static String helloRole(RespClient client) {
    List<?> hello = (List<?>) client.call("HELLO", "2");
    return (String) hello.get(hello.indexOf("role") + 1);
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
