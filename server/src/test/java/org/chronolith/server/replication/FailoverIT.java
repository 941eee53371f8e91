package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: handing the role over, and waiting for replicas. */
@Tag("slow")
class FailoverIT extends RealNodes {
  /** Milliseconds until a failover gives up: long enough to look at it a few times before. */
  private static final String OVER_IN_MS = "3000";

  private static boolean isStopped(ChronolithProcess node) {
    java.io.File[] threads = new java.io.File("/proc/" + node.pid() + "/task").listFiles();
    for (java.io.File thread : threads) {
      try {
        String stat = java.nio.file.Files.readString(thread.toPath().resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      } catch (java.io.IOException e) {
        return false;
      }
    }
    return true;
  }

  @Test
  void shouldHandOverWithoutLosingAWriteOrResyncing() throws InterruptedException {
    ChronolithProcess master = start("a");
    ChronolithProcess second = startReplica("b", master.port());
    ChronolithProcess third = startReplica("c", master.port());
    String[] refused = new String[1];
    long[] acknowledged = new long[1];
    Thread writer =
        new Thread(
            () -> {
              try (RespClient client = master.connect()) {
                while (true) {
                  acknowledged[0] = (Long) client.call("INCR", "counter");
                }
              } catch (RespClient.ErrorReply e) {
                refused[0] = e.getMessage();
              }
            },
            "writer");
    writer.start();
    await("writes", () -> !"null".equals(master.said("GET", "counter")));
    String oldId = master.info("replication", "master_replid");
    assertEquals(
        "OK",
        master.call(
            "FAILOVER", "TO", "127.0.0.1", Integer.toString(second.port()), "TIMEOUT", "30000"));
    writer.join();
    assertEquals("READONLY You can't write against a read only replica.", refused[0]);
    await("the new master", () -> second.info("replication", "role").equals("master"));
    await("the old one", () -> master.info("replication", "master_link_status").equals("up"));
    assertEquals("no-failover", master.info("replication", "master_failover_state"));
    assertEquals(oldId, second.info("replication", "master_replid2"));
    assertEquals(Long.toString(acknowledged[0]), second.call("GET", "counter"));
    second.call("SET", "after", "1");
    await("the value", () -> "1".equals(master.call("GET", "after")));
    await("the chain", () -> "1".equals(third.call("GET", "after")));
    assertEquals("0", second.info("stats", "sync_full"));
    assertEquals("1", second.info("stats", "sync_partial_ok"));
    assertEquals("2", master.info("stats", "sync_full"));
    second.awaitLine("MASTER MODE enabled (failover request from");
  }

  @Test
  void shouldAbortAndWaitAndRefuseAsRedis() {
    ChronolithProcess master = start("a");
    ChronolithProcess replica = startReplica("b", master.port());
    try (RespClient client = master.connect()) {
      client.call("SET", "a", "1");
      assertEquals(List.of(1L, 1L), client.call("WAITAOF", "1", "1", "20000"));
      assertEquals(1L, client.call("WAIT", "1", "20000"));
      long begunMs = System.currentTimeMillis();
      assertEquals(List.of(1L, 1L), client.call("WAITAOF", "1", "2", "300"));
      assertTrue(System.currentTimeMillis() - begunMs >= 300);
    }
    assertEquals(
        "ERR value is out of range, value must between 0 and 1",
        master.said("WAITAOF", "2", "0", "0"));
    assertEquals(
        "ERR value is out of range, must be positive", master.said("WAITAOF", "1", "-1", "0"));
    assertEquals("ERR timeout is negative", master.said("WAITAOF", "1", "1", "-1"));
    assertTrue(replica.said("WAITAOF", "0", "0", "0").startsWith("ERR WAITAOF cannot"));
    assertTrue(replica.said("WAIT", "x", "-1").startsWith("ERR WAIT cannot be used with"));

    // The target does not follow the stream while it is stopped, so the failover ends by time.
    stopOrContinue("STOP", replica);
    await("all its threads are stopped", () -> isStopped(replica));
    try {
      master.call("SET", "b", "1");
      assertEquals("OK", master.call("FAILOVER", "TIMEOUT", OVER_IN_MS));
      assertEquals("waiting-for-sync", master.info("replication", "master_failover_state"));
      assertEquals("ERR FAILOVER already in progress.", master.said("FAILOVER"));
      assertEquals(
          "ERR REPLICAOF not allowed while failing over.", master.said("REPLICAOF", "NO", "ONE"));
      // Held back until then, not refused.
      assertEquals("OK", master.call("SET", "c", "1"));
      assertEquals("no-failover", master.info("replication", "master_failover_state"));
      master.awaitLine("Replica never caught up before timeout");
      master.call("FAILOVER");
      assertEquals("OK", master.call("FAILOVER", "ABORT"));
      assertEquals("OK", master.call("SET", "d", "1"));

      master.call("CONFIG", "SET", "min-replicas-to-write", "1");
      master.call("CONFIG", "SET", "min-replicas-max-lag", "1");
      await(
          "the replica's lag",
          () ->
              master.said("SET", "e", "1").equals("NOREPLICAS Not enough good replicas to write."));
      assertEquals("0", master.info("replication", "min_slaves_good_slaves"));
      assertEquals("1", master.call("GET", "d"));
    } finally {
      stopOrContinue("CONT", replica);
    }
    await("the replica", () -> master.said("SET", "e", "1").equals("OK"));
  }

  @Test
  void shouldNameReplicasByIpv6AsRedisAndHandOverToThem() {
    assumeTrue(hasIpv6());
    ChronolithProcess master = start("a", "--bind", "127.0.0.1 ::1");
    ChronolithProcess replica = start("b", "--bind", "127.0.0.1 ::1");
    String masterPort = Integer.toString(master.port());
    String port = Integer.toString(replica.port());
    assertEquals("OK", replica.call("REPLICAOF", "::1", masterPort));
    awaitLink(replica);
    String line = master.info("replication", "slave0");
    assertTrue(line.startsWith("ip=::1,port=" + port + ",state="), line);
    awaitOnline(master);
    List<?> replicas = (List<?>) ((List<?>) master.call("ROLE")).get(2);
    assertEquals(List.of("::1", port), ((List<?>) replicas.get(0)).subList(0, 2));
    String listed = master.said("CLIENT", "LIST", "TYPE", "replica");
    assertTrue(listed.contains(" addr=[::1]:"), listed);
    // However it is written.
    assertEquals("OK", master.call("FAILOVER", "TO", "0:0::1", port));
    await("the hand-over", () -> replica.info("replication", "role").equals("master"));
    awaitLink(master);
    assertEquals("::1", master.info("replication", "master_host"));
    assertEquals("OK", replica.call("FAILOVER"));
    await("the way back", () -> master.info("replication", "role").equals("master"));
    awaitLink(replica);
    assertEquals("::1", replica.info("replication", "master_host"));
    assertEquals(masterPort, replica.info("replication", "master_port"));
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static void stopOrContinue(String signal, ChronolithProcess process) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void freeze(ChronolithProcess process) {
    process.freeze();
    await("all its threads are stopped", () -> isStopped(process));
  }

  private void forceTo(ChronolithProcess master, ChronolithProcess target) {
    assertEquals(
        "OK",
        master.call(
            "FAILOVER",
            "TO",
            "127.0.0.1",
            Integer.toString(target.port()),
            "FORCE",
            "TIMEOUT",
            OVER_IN_MS));
    assertEquals("waiting-for-sync", master.info("replication", "master_failover_state"));
    await(
        "the hand-over",
        () -> master.info("replication", "master_failover_state").equals("failover-in-progress"));
  }

  @Test
  void shouldForceAReplicaThatIsBehindToTakeOver() {
    ChronolithProcess master = start("a");
    master.call("SET", "before", "1");
    try (LinkProxy proxy = new LinkProxy(master.port())) {
      ChronolithProcess target = start("b", "--replicaof", "127.0.0.1 " + proxy.port());
      await("the link", () -> target.info("replication", "master_link_status").equals("up"));
      ChronolithProcess other = startReplica("c", master.port());
      String oldId = master.info("replication", "master_replid");
      proxy.slow(100);
      master.call("SET", "only here", "x".repeat(200_000));
      assertEquals(
          "OK",
          master.call(
              "FAILOVER",
              "TO",
              "127.0.0.1",
              Integer.toString(target.port()),
              "TIMEOUT",
              OVER_IN_MS,
              "FORCE"));
      assertEquals("waiting-for-sync", master.info("replication", "master_failover_state"));
      await("the new master", () -> target.info("replication", "role").equals("master"));
      master.awaitLine("FAILOVER to 127.0.0.1:" + target.port() + " time out exceeded, failing");
      assertEquals(oldId, target.info("replication", "master_replid2"));
      target.call("SET", "after", "1");
      awaitSame(target, master);
      assertEquals("no-failover", master.info("replication", "master_failover_state"));
      assertEquals("slave", master.info("replication", "role"));
      assertEquals("null", target.said("GET", "only here"));
      assertEquals("null", master.said("GET", "only here"));
      assertEquals("1", master.call("GET", "after"));
      awaitSame(master, other);
      assertEquals("READONLY", master.said("SET", "x", "1").split(" ")[0]);
    }
  }

  @Test
  void shouldBecomeTheMasterAgainIfTheTargetRejectsIt() {
    ChronolithProcess master = start("a");
    ChronolithProcess target = startReplica("b", master.port());
    ChronolithProcess other = startReplica("c", master.port());
    String oldId = master.info("replication", "master_replid");
    freeze(target);
    try (RespClient early = new RespClient(target.port())) {
      // It has a history of its own, and follows somebody else, before it hears that it shall.
      early.send("REPLICAOF", "NO", "ONE");
      early.send("REPLICAOF", "127.0.0.1", Integer.toString(ChronolithProcess.freePort()));
      early.flush();
      master.call("SET", "a", "1");
      forceTo(master, target);
      target.thaw();
      assertEquals("OK", early.receive());
      assertEquals("OK", early.receive());
    }
    await(
        "the end", () -> master.info("replication", "master_failover_state").equals("no-failover"));
    assertEquals("master", master.info("replication", "role"));
    assertEquals("slave", target.info("replication", "role"));
    master.awaitLine(
        "FAILOVER to 127.0.0.1:"
            + target.port()
            + " aborted: Failover target rejected psync request");
    assertEquals(oldId, master.info("replication", "master_replid2"));
    assertEquals("OK", master.call("SET", "b", "1"));
    awaitSame(master, other);
    assertEquals("2", master.info("stats", "sync_full"), "the one that stayed continues");
    assertEquals("OK", target.call("REPLICAOF", "127.0.0.1", "" + master.port()));
    awaitSame(master, target);
  }

  private static int count(ChronolithProcess node, String text) {
    return node.output().split(text, -1).length - 1;
  }

  @Test
  void shouldFollowTheTargetWhoseAnswerWasLost() {
    ChronolithProcess master = start("a");
    int targetPort = ChronolithProcess.freePort();
    try (LinkProxy proxy = new LinkProxy(targetPort)) {
      ChronolithProcess target =
          start(
              "b",
              targetPort,
              "--replica-announce-port",
              Integer.toString(proxy.port()),
              "--replicaof",
              "127.0.0.1 " + master.port());
      await("the link", () -> target.info("replication", "master_link_status").equals("up"));
      awaitOnline(master);
      master.call("SET", "a", "1");
      String oldId = master.info("replication", "master_replid");
      // Within +CONTINUE and its id: behind +PONG and those +OK that the handshake has.
      proxy.cutAfter("+PONG\r\n".length() + 4 * "+OK\r\n".length() + 10);
      String port = Integer.toString(proxy.port());
      assertEquals("OK", master.call("FAILOVER", "TO", "127.0.0.1", port));
      await(
          "the end",
          () -> master.info("replication", "master_failover_state").equals("no-failover"));
      String request = "Failover request received for replid " + oldId;
      await("both requests in the log", () -> count(target, request) >= 2);
      assertEquals(2, count(target, request), target::output);
      assertEquals("master", target.info("replication", "role"));
      assertEquals("slave", master.info("replication", "role"), "else there are two masters");
      assertEquals(oldId, target.info("replication", "master_replid2"));
      assertEquals("OK", target.call("SET", "b", "1"));
      awaitSame(target, master);
      assertEquals("0", target.info("stats", "sync_full"));
      assertEquals("1", master.call("GET", "b"));
    }
  }

  @Test
  void shouldBecomeTheMasterAgainOnAbortAndOnTimeout() {
    ChronolithProcess master = start("a");
    ChronolithProcess target = startReplica("b", master.port());
    ChronolithProcess other = startReplica("c", master.port());
    freeze(target);
    master.call("SET", "a", "1");

    // Without FORCE it stays the master; it is not another history.
    String id = master.info("replication", "master_replid");
    String port = Integer.toString(target.port());
    assertEquals("OK", master.call("FAILOVER", "TO", "127.0.0.1", port, "TIMEOUT", OVER_IN_MS));
    assertEquals("waiting-for-sync", master.info("replication", "master_failover_state"));
    assertEquals("master", master.info("replication", "role"));
    await(
        "the timeout",
        () -> master.info("replication", "master_failover_state").equals("no-failover"));
    master.awaitLine(
        "FAILOVER to 127.0.0.1:" + port + " aborted: Replica never caught up before timeout");
    assertEquals(id, master.info("replication", "master_replid"));
    assertEquals("OK", master.call("SET", "b", "1"));

    // Handed over already: it takes the role back under a new id.
    forceTo(master, target);
    // As Redis has it: a replica already, whose master has not answered.
    assertEquals("slave", master.info("replication", "role"));
    assertEquals("down", master.info("replication", "master_link_status"));
    assertEquals("ERR FAILOVER already in progress.", master.said("FAILOVER"));
    assertEquals(
        "READONLY You can't write against a read only replica.", master.said("SET", "x", "1"));
    assertEquals(
        "ERR REPLICAOF not allowed while failing over.",
        master.said("REPLICAOF", "127.0.0.1", "1"));
    assertEquals("OK", master.call("FAILOVER", "ABORT"));
    assertEquals("no-failover", master.info("replication", "master_failover_state"));
    assertEquals("master", master.info("replication", "role"));
    assertEquals(id, master.info("replication", "master_replid2"));
    assertEquals("ERR No failover in progress.", master.said("FAILOVER", "ABORT"));
    assertEquals("OK", master.call("SET", "c", "1"));
    target.thaw();
    awaitSame(master, target, other);
    assertEquals("slave", target.info("replication", "role"));
    assertEquals("2", master.info("stats", "sync_full"));
    assertEquals("1", target.call("GET", "c"));
  }

  @Test
  @RequiresRedis
  void shouldSayWhatRedisSays() {
    ChronolithProcess master = start("a");
    try (RedisServerProcess redis = RedisServerProcess.start(directory)) {
      String[][] requests = {
        {"FAILOVER"},
        {"FAILOVER", "ABORT"},
        {"FAILOVER", "TO", "127.0.0.1", "1"},
        {"FAILOVER", "TO", "127.0.0.1", "x"},
        {"FAILOVER", "TO", "127.0.0.1"},
        {"FAILOVER", "TIMEOUT", "0"},
        {"FAILOVER", "TIMEOUT", "-1"},
        {"FAILOVER", "TIMEOUT", "x"},
        {"FAILOVER", "TIMEOUT"},
        {"FAILOVER", "FORCE"},
        {"FAILOVER", "FORCE", "FORCE"},
        {"FAILOVER", "ABORT", "NOW"},
        {"PSYNC", "x", "1", "FAILOVER"},
        {"WAIT", "1", "-1"},
        {"WAIT", "1", "x"},
        {"ROLE"},
        {"CONFIG", "SET", "min-replicas-to-write", "-1"},
        {"CONFIG", "SET", "min-replicas-to-write", "1"},
        {"SET", "a", "b"},
        {"DEL", "a"},
        {"GET", "a"},
        {"CONFIG", "SET", "min-slaves-max-lag", "0"},
        {"SET", "a", "b"},
        {"REPLICAOF", "127.0.0.1", "1"},
        {"FAILOVER"},
        {"PSYNC", "x", "1", "FAILOVER"},
        {"WAIT", "1", "1"},
        {"REPLICAOF", "NO", "ONE"},
      };
      for (String[] request : requests) {
        try (RespClient stock = new RespClient(redis.port())) {
          assertEquals(
              stock.said(request).replaceAll("\\[master, \\d+", "[master, 0"),
              master.said(request).replaceAll("\\[master, \\d+", "[master, 0"),
              String.join(" ", request));
        }
      }
    }
  }
}
