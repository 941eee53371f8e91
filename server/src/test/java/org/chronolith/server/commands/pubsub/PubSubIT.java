package org.chronolith.server.commands.pubsub;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Messages on a master and its replica: who hears them, and what they do to the stream. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PubSubIT {

  @TempDir private static Path directory;
  private ChronolithProcess master;
  private ChronolithProcess replica;

  @BeforeAll
  void start() {
    // No pings, so that the offset moves by what the tests do alone.
    master = node("master", "--repl-ping-replica-period", "3600");
    replica = node("replica", "--replicaof", "127.0.0.1 " + master.port());
    await("the link", () -> replicaUp());
  }

  @AfterAll
  void stop() {
    if (replica != null) {
      replica.close();
    }
    if (master != null) {
      master.close();
    }
  }

  private static ChronolithProcess node(String name, String... directives) {
    return ChronolithProcess.start(
        directory.resolve(name), ChronolithProcess.freePort(), directives);
  }

  private boolean replicaUp() {
    return info(replica, "replication", "master_link_status").equals("up")
        && info(master, "replication", "slave0").contains("state=online");
  }

  private static String info(ChronolithProcess node, String section, String field) {
    try (RespClient client = node.connect()) {
      return client.info(section, field);
    }
  }

  private static long offset(ChronolithProcess node) {
    return Long.parseLong(info(node, "replication", "master_repl_offset"));
  }

  private static Object call(ChronolithProcess node, String... words) {
    try (RespClient client = node.connect()) {
      return client.call(words);
    }
  }

  @Test
  void shouldDeliverAMastersMessagesOnItsReplicaAndKeepOffsetsEqual() {
    try (RespClient there = replica.connect();
        RespClient pattern = replica.connect()) {
      there.call("SUBSCRIBE", "news");
      pattern.call("PSUBSCRIBE", "n?ws");
      long before = offset(master);
      assertEquals(0L, call(master, "PUBLISH", "news", "first"));
      try (RespClient client = master.connect()) {
        client.call("MULTI");
        client.call("SET", "key", "value");
        client.call("PUBLISH", "news", "second");
        assertEquals(List.of("OK", 0L), client.call("EXEC"));
      }
      assertEquals(List.of("message", "news", "first"), there.receive());
      assertEquals(List.of("message", "news", "second"), there.receive());
      assertEquals(List.of("pmessage", "n?ws", "news", "first"), pattern.receive());
      await("equal offsets", () -> offset(replica) == offset(master));
      assertTrue(offset(master) > before);
      assertEquals("1", info(master, "stats", "sync_full"));
    }
  }

  @Test
  void shouldKeepAReplicasOwnMessagesAndSentinelsHelloOutOfTheStream() {
    try (RespClient here = master.connect();
        RespClient there = replica.connect()) {
      here.call("SUBSCRIBE", "local", "__sentinel__:hello");
      here.receive();
      there.call("SUBSCRIBE", "local", "__sentinel__:hello");
      there.receive();
      await("equal offsets", () -> offset(replica) == offset(master));
      long before = offset(master);
      assertEquals(1L, call(replica, "PUBLISH", "local", "from the replica"));
      assertEquals(1L, call(master, "PUBLISH", "__sentinel__:hello", "127.0.0.1,26379"));
      assertEquals(1L, call(replica, "PUBLISH", "__sentinel__:hello", "127.0.0.1,26380"));
      assertEquals(List.of("message", "local", "from the replica"), there.receive());
      assertEquals(List.of("message", "__sentinel__:hello", "127.0.0.1,26380"), there.receive());
      assertEquals(List.of("message", "__sentinel__:hello", "127.0.0.1,26379"), here.receive());
      assertEquals(before, offset(master));
      assertEquals(before, offset(replica));
    }
  }

  @Test
  void shouldHoldMessagesBackWhileWritesArePausedButForSentinelsHello() {
    try (RespClient there = replica.connect();
        RespClient publishing = master.connect();
        RespClient sharded = master.connect();
        RespClient transaction = master.connect();
        RespClient client = master.connect()) {
      there.call("SUBSCRIBE", "news");
      there.call("SSUBSCRIBE", "shard");
      assertEquals("OK", transaction.call("MULTI"));
      assertEquals("QUEUED", transaction.call("PUBLISH", "news", "queued"));
      client.call("CLIENT", "PAUSE", "100000", "WRITE");
      long paused = offset(master);
      publishing.send("PUBLISH", "news", "late");
      publishing.flush();
      sharded.send("SPUBLISH", "shard", "late");
      sharded.flush();
      transaction.send("EXEC");
      transaction.flush();
      assertEquals(0L, client.call("PUBLISH", "__sentinel__:hello", "127.0.0.1,26379"));
      assertEquals("PONG", client.call("PING"));
      assertEquals(paused, offset(master));
      client.call("CLIENT", "UNPAUSE");
      assertEquals(0L, publishing.receive());
      assertEquals(0L, sharded.receive());
      assertEquals(List.of(0L), transaction.receive());
      List<Object> received = List.of(there.receive(), there.receive(), there.receive());
      assertTrue(received.contains(List.of("message", "news", "late")), received::toString);
      assertTrue(received.contains(List.of("message", "news", "queued")), received::toString);
      assertTrue(received.contains(List.of("smessage", "shard", "late")), received::toString);
    }
  }

  @Test
  void shouldListAndKillSubscribersAsATypeOfTheirOwn() {
    try (RespClient subscriber = replica.connect();
        RespClient client = replica.connect()) {
      subscriber.call("SUBSCRIBE", "killed");
      await("others to go", () -> client.info("stats", "pubsub_channels").equals("1"));
      String listed = (String) client.call("CLIENT", "LIST", "TYPE", "pubsub");
      assertTrue(listed.contains(" flags=P ") && listed.contains(" sub=1 psub=0 "), listed);
      assertEquals(1, listed.lines().count());
      assertEquals(1L, client.call("CLIENT", "KILL", "TYPE", "pubsub"));
      assertThrows(RespClient.Disconnected.class, subscriber::receive);
      await("the end", () -> client.info("stats", "pubsub_channels").equals("0"));
    }
  }

  @Test
  void shouldCloseASubscriberThatReadsTooLittle() {
    try (RespClient subscriber = replica.connect();
        RespClient client = replica.connect()) {
      client.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0");
      subscriber.call("SUBSCRIBE", "flood");
      String message = "x".repeat(100_000);
      await("the end", () -> client.call("PUBLISH", "flood", message).equals(0L));
      await("the end", () -> client.info("stats", "pubsub_channels").equals("0"));
      assertEquals("1", client.info("stats", "client_output_buffer_limit_disconnections"));
    }
  }

  @Test
  void shouldRecoverALogThatHoldsMessages() {
    try (ChronolithProcess first = node("recovered", "--repl-ping-replica-period", "3600");
        ChronolithProcess follower = node("follower", "--replicaof", "127.0.0.1 " + first.port())) {
      await("the link", () -> info(first, "replication", "connected_slaves").equals("1"));
      call(first, "PUBLISH", "news", "kept in the log");
      call(first, "SET", "key", "value");
      await("equal offsets", () -> offset(follower) == offset(first));
      first.kill();
      follower.kill();
      try (ChronolithProcess again = node("recovered")) {
        assertEquals("value", call(again, "GET", "key"));
      }
    }
  }
}
