package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real master, and replicas of which one end of the link is gone without the other's knowledge:
 * they come again while the master still has their earlier connection.
 */
@Tag("slow")
class ReturningReplicaIT {
  private static final String NODE_ID = "0123456789abcdef0123456789abcdef01234567";

  @TempDir Path directory;
  private ChronolithProcess master;
  private RespClient client;
  private final List<RespClient> replicas = new ArrayList<>();

  @BeforeEach
  void start() {
    master =
        ChronolithProcess.start(
            directory, ChronolithProcess.freePort(), "--repl-timeout", "60", "--save", "");
    client = master.connect();
    client.call("SET", "before", "1");
  }

  @AfterEach
  void end() {
    replicas.forEach(RespClient::close);
    client.close();
    master.close();
  }

  private String info(String field) {
    return client.info("replication", field);
  }

  /**
   * Goes on at the end of the stream.
   *
   * @param nodeId null for a replica that does not say who it is
   */
  private RespClient replica(String nodeId) {
    RespClient replica = master.connect();
    replicas.add(replica);
    assertEquals("OK", replica.call("REPLCONF", "listening-port", "7777"));
    if (nodeId != null) {
      assertEquals("OK", replica.call("REPLCONF", "chronolith-id", nodeId));
    }
    long next = Long.parseLong(info("master_repl_offset")) + 1;
    assertEquals("CONTINUE", replica.call("PSYNC", info("master_replid"), "" + next));
    return replica;
  }

  private void acknowledge(RespClient replica) {
    replica.send("REPLCONF", "ACK", info("master_repl_offset"));
    replica.flush();
  }

  private static void awaitEnd(RespClient replica) {
    assertThrows(
        RespClient.Disconnected.class,
        () -> {
          while (true) {
            replica.receive();
          }
        });
  }

  @Test
  void shouldCountAReplicaOnceThatComesAgainBeforeItsEarlierLinkHasEnded() {
    RespClient first = replica(NODE_ID);
    acknowledge(first);
    assertEquals(1L, client.call("WAIT", "1", "20000"));
    RespClient second = replica(NODE_ID);
    acknowledge(second);
    assertEquals(1L, client.call("WAIT", "2", "500"), "one replica, by two connections");
    assertEquals("1", info("connected_slaves"));
    awaitEnd(first);
    await(
        "the line",
        () -> master.output().contains("Replica 127.0.0.1:7777 has come again from 127.0.0.1:"));
    RespClient other = replica(NODE_ID.replace('0', '9'));
    acknowledge(other);
    acknowledge(second);
    assertEquals(2L, client.call("WAIT", "2", "20000"), "another one behind the same address");
  }

  @Test
  void shouldTakeASilentConnectionForAnEarlierOneOfAReplicaWithoutAName() {
    RespClient first = replica(null);
    RespClient second = replica(null);
    assertEquals("2", info("connected_slaves"), "two may be behind one address");
    await("the first one's silence", () -> lag("slave0") > 6);
    acknowledge(second);
    await("the second one's word", () -> lag("slave1") < 3);
    replica(null);
    awaitEnd(first);
    await("the end", () -> info("connected_slaves").equals("2"));
  }

  private int lag(String slave) {
    String line = info(slave);
    return Integer.parseInt(line.substring(line.indexOf(",lag=") + 5));
  }

  @Test
  void shouldCloseTheLinkOfAReplicaThatNeverAcknowledges() {
    assertEquals("OK", client.call("CONFIG", "SET", "repl-timeout", "2"));
    // Not of one that said SYNC: it is older than acknowledgements, or a tool.
    RespClient old = master.connect();
    replicas.add(old);
    old.send("SYNC");
    old.flush();
    await(
        "the data set",
        () -> ((String) client.call("INFO", "replication")).contains("state=online"));
    RespClient silent = replica(NODE_ID);
    awaitEnd(silent);
    await(
        "the line",
        () ->
            master
                .output()
                .contains("Disconnecting timedout replica (streaming sync): 127.0.0.1:7777"));
    await("the end", () -> info("connected_slaves").equals("1"));
    assertTrue(info("slave0").contains("state=online"));
  }
}
