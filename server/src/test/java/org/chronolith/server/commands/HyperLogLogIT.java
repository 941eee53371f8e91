package org.chronolith.server.commands;

import static org.chronolith.server.testing.Await.awaitCaughtUp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PFCOUNT reads, and yet may change its key: when it does, and when it must not. */
@Tag("slow")
class HyperLogLogIT {

  @TempDir Path directory;

  @Test
  void shouldStoreWhatAMasterReckonsAndNothingOnAReplica() {
    try (ChronolithProcess first = start("master");
        RespClient master = first.connect();
        ChronolithProcess second = start("replica", "--replicaof", "127.0.0.1 " + first.port());
        RespClient replica = second.connect()) {
      master.call("PFADD", "key", "a", "b", "c");
      awaitEqual(master, replica);
      Object outdated = master.call("GET", "key");
      assertEquals(3L, replica.call("PFCOUNT", "key"));
      assertEquals(outdated, replica.call("GET", "key"));

      assertEquals(3L, master.call("PFCOUNT", "key"));
      Object stored = master.call("GET", "key");
      assertNotEquals(outdated, stored);
      awaitEqual(master, replica);
      assertEquals(stored, replica.call("GET", "key"));
      first.kill();
      try (ChronolithProcess again = start("master");
          RespClient restarted = again.connect()) {
        assertEquals(stored, restarted.call("GET", "key"));
      }
    }
  }

  @Test
  void shouldChangeNothingWhileWritesArePaused() {
    try (ChronolithProcess node = start("paused");
        RespClient client = node.connect()) {
      client.call("PFADD", "key", "a", "b", "c");
      Object outdated = client.call("GET", "key");
      client.call("CLIENT", "PAUSE", "60000", "WRITE");
      String offset = client.info("replication", "master_repl_offset");
      assertEquals(3L, client.call("PFCOUNT", "key"));
      assertEquals(outdated, client.call("GET", "key"));
      assertEquals(offset, client.info("replication", "master_repl_offset"));
      client.call("CLIENT", "UNPAUSE");
      assertEquals(3L, client.call("PFCOUNT", "key"));
      assertNotEquals(outdated, client.call("GET", "key"));
    }
  }

  private ChronolithProcess start(String name, String... more) {
    return ChronolithProcess.start(directory.resolve(name), ChronolithProcess.freePort(), more);
  }

  private static void awaitEqual(RespClient master, RespClient replica) {
    awaitCaughtUp(master, replica);
    assertEquals(master.call("GET", "key"), replica.call("GET", "key"));
  }
}
