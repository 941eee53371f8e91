package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: handing the role over, and waiting for replicas. */
@Tag("slow")
class FailoverIT {
  /** Milliseconds until a failover gives up: long enough to look at it a few times before. */
  private static final String OVER_IN_MS = "3000";

  @TempDir Path directory;
  private final List<ChronolithProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(ChronolithProcess::close);
  }

  private ChronolithProcess start(String name, String... directives) {
    ChronolithProcess started =
        ChronolithProcess.start(directory.resolve(name), ChronolithProcess.freePort(), directives);
    processes.add(started);
    return started;
  }

  private ChronolithProcess replica(String name, ChronolithProcess master) {
    ChronolithProcess started = start(name, "--replicaof", "127.0.0.1 " + master.port());
    await("the link", () -> info(started, "master_link_status").equals("up"));
    return started;
  }

  private static String info(ChronolithProcess node, String field) {
    try (RespClient client = node.connect()) {
      return client.info("replication", field);
    }
  }

  private static String stat(ChronolithProcess node, String field) {
    try (RespClient client = node.connect()) {
      return client.info("stats", field);
    }
  }

  private static Object call(int port, String... words) {
    try (RespClient client = new RespClient(port)) {
      return client.call(words);
    }
  }

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

  /** The reply, or the text of the error. */
  private static String said(int port, String... words) {
    try {
      return String.valueOf(call(port, words));
    } catch (RespClient.ErrorReply e) {
      return e.getMessage();
    }
  }

  @Test
  void shouldHandOverWithoutLosingAWriteOrResyncing() throws InterruptedException {
    ChronolithProcess master = start("a");
    ChronolithProcess second = replica("b", master);
    ChronolithProcess third = replica("c", master);
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
    await("writes", () -> !"null".equals(said(master.port(), "GET", "counter")));
    String oldId = info(master, "master_replid");
    assertEquals(
        "OK",
        call(
            master.port(),
            "FAILOVER",
            "TO",
            "127.0.0.1",
            Integer.toString(second.port()),
            "TIMEOUT",
            "30000"));
    writer.join();
    assertEquals("READONLY You can't write against a read only replica.", refused[0]);
    await("the new master", () -> info(second, "role").equals("master"));
    await("the old one", () -> info(master, "master_link_status").equals("up"));
    assertEquals("no-failover", info(master, "master_failover_state"));
    assertEquals(oldId, info(second, "master_replid2"));
    assertEquals(Long.toString(acknowledged[0]), call(second.port(), "GET", "counter"));
    call(second.port(), "SET", "after", "1");
    await("the value", () -> "1".equals(call(master.port(), "GET", "after")));
    await("the chain", () -> "1".equals(call(third.port(), "GET", "after")));
    assertEquals("0", stat(second, "sync_full"));
    assertEquals("1", stat(second, "sync_partial_ok"));
    assertEquals("2", stat(master, "sync_full"));
    second.awaitLine("MASTER MODE enabled (failover request from");
  }

  @Test
  void shouldAbortAndWaitAndRefuseAsRedis() {
    ChronolithProcess master = start("a");
    ChronolithProcess replica = replica("b", master);
    try (RespClient client = master.connect()) {
      client.call("SET", "a", "1");
      assertEquals(List.of(1L, 1L), client.call("WAITAOF", "1", "1", "20000"));
      assertEquals(1L, client.call("WAIT", "1", "20000"));
      long begunMs = System.currentTimeMillis();
      assertEquals(List.of(1L, 1L), client.call("WAITAOF", "1", "2", "300"));
      assertTrue(System.currentTimeMillis() - begunMs >= 300);
    }
    int port = master.port();
    assertEquals(
        "ERR value is out of range, value must between 0 and 1",
        said(port, "WAITAOF", "2", "0", "0"));
    assertEquals(
        "ERR value is out of range, must be positive", said(port, "WAITAOF", "1", "-1", "0"));
    assertEquals("ERR timeout is negative", said(port, "WAITAOF", "1", "1", "-1"));
    assertTrue(said(replica.port(), "WAITAOF", "0", "0", "0").startsWith("ERR WAITAOF cannot"));
    assertTrue(said(replica.port(), "WAIT", "x", "-1").startsWith("ERR WAIT cannot be used with"));

    // The target does not follow the stream while it is stopped, so the failover ends by time.
    stopOrContinue("STOP", replica);
    await("all its threads are stopped", () -> isStopped(replica));
    try {
      call(port, "SET", "b", "1");
      assertEquals("OK", call(port, "FAILOVER", "TIMEOUT", OVER_IN_MS));
      assertEquals("waiting-for-sync", info(master, "master_failover_state"));
      assertEquals("ERR FAILOVER already in progress.", said(port, "FAILOVER"));
      assertEquals(
          "ERR REPLICAOF not allowed while failing over.", said(port, "REPLICAOF", "NO", "ONE"));
      // Held back until then, not refused.
      assertEquals("OK", call(port, "SET", "c", "1"));
      assertEquals("no-failover", info(master, "master_failover_state"));
      master.awaitLine("Replica never caught up before timeout");
      call(port, "FAILOVER");
      assertEquals("OK", call(port, "FAILOVER", "ABORT"));
      assertEquals("OK", call(port, "SET", "d", "1"));

      call(port, "CONFIG", "SET", "min-replicas-to-write", "1");
      call(port, "CONFIG", "SET", "min-replicas-max-lag", "1");
      await(
          "the replica's lag",
          () ->
              said(port, "SET", "e", "1").equals("NOREPLICAS Not enough good replicas to write."));
      assertEquals("0", info(master, "min_slaves_good_slaves"));
      assertEquals("1", call(port, "GET", "d"));
    } finally {
      stopOrContinue("CONT", replica);
    }
    await("the replica", () -> said(port, "SET", "e", "1").equals("OK"));
  }

  private static void stopOrContinue(String signal, ChronolithProcess process) {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private ChronolithProcess debuggable(String name, String... directives) {
    List<String> all = new ArrayList<>(List.of("--enable-debug-command", "yes", "--save", ""));
    all.addAll(List.of(directives));
    return start(name, all.toArray(String[]::new));
  }

  private ChronolithProcess debuggableReplica(String name, ChronolithProcess master) {
    ChronolithProcess started = debuggable(name, "--replicaof", "127.0.0.1 " + master.port());
    await("the link", () -> info(started, "master_link_status").equals("up"));
    return started;
  }

  private static void freeze(ChronolithProcess process) {
    process.freeze();
    await("all its threads are stopped", () -> isStopped(process));
  }

  private static void forceTo(ChronolithProcess master, ChronolithProcess target) {
    assertEquals(
        "OK",
        call(
            master.port(),
            "FAILOVER",
            "TO",
            "127.0.0.1",
            Integer.toString(target.port()),
            "FORCE",
            "TIMEOUT",
            OVER_IN_MS));
    assertEquals("waiting-for-sync", info(master, "master_failover_state"));
    await(
        "the hand-over",
        () -> info(master, "master_failover_state").equals("failover-in-progress"));
  }

  private static void awaitSame(ChronolithProcess master, ChronolithProcess... replicas) {
    for (ChronolithProcess replica : replicas) {
      await(
          "the link of " + replica.port(),
          () ->
              info(replica, "master_link_status").equals("up")
                  && info(replica, "master_repl_offset")
                      .equals(info(master, "master_repl_offset")));
      assertEquals(call(master.port(), "DEBUG", "DIGEST"), call(replica.port(), "DEBUG", "DIGEST"));
    }
  }

  @Test
  void shouldForceAReplicaThatIsBehindToTakeOver() {
    ChronolithProcess master = debuggable("a");
    call(master.port(), "SET", "before", "1");
    try (LinkProxy proxy = new LinkProxy(master.port())) {
      ChronolithProcess target = debuggable("b", "--replicaof", "127.0.0.1 " + proxy.port());
      await("the link", () -> info(target, "master_link_status").equals("up"));
      ChronolithProcess other = debuggableReplica("c", master);
      String oldId = info(master, "master_replid");
      proxy.slow(100);
      call(master.port(), "SET", "only here", "x".repeat(200_000));
      assertEquals(
          "OK",
          call(
              master.port(),
              "FAILOVER",
              "TO",
              "127.0.0.1",
              Integer.toString(target.port()),
              "TIMEOUT",
              OVER_IN_MS,
              "FORCE"));
      assertEquals("waiting-for-sync", info(master, "master_failover_state"));
      await("the new master", () -> info(target, "role").equals("master"));
      master.awaitLine("Failover to 127.0.0.1:" + target.port() + " time out exceeded, failing");
      assertEquals(oldId, info(target, "master_replid2"));
      call(target.port(), "SET", "after", "1");
      awaitSame(target, master);
      assertEquals("no-failover", info(master, "master_failover_state"));
      assertEquals("slave", info(master, "role"));
      assertEquals("null", said(target.port(), "GET", "only here"));
      assertEquals("null", said(master.port(), "GET", "only here"));
      assertEquals("1", call(master.port(), "GET", "after"));
      awaitSame(master, other);
      assertEquals("READONLY", said(master.port(), "SET", "x", "1").split(" ")[0]);
    }
  }

  @Test
  void shouldBecomeTheMasterAgainIfTheTargetRejectsIt() {
    ChronolithProcess master = debuggable("a");
    ChronolithProcess target = debuggableReplica("b", master);
    ChronolithProcess other = debuggableReplica("c", master);
    String oldId = info(master, "master_replid");
    freeze(target);
    try (RespClient early = new RespClient(target.port())) {
      // It has a history of its own, and follows somebody else, before it hears that it shall.
      early.send("REPLICAOF", "NO", "ONE");
      early.send("REPLICAOF", "127.0.0.1", Integer.toString(ChronolithProcess.freePort()));
      early.flush();
      call(master.port(), "SET", "a", "1");
      forceTo(master, target);
      target.thaw();
      assertEquals("OK", early.receive());
      assertEquals("OK", early.receive());
    }
    await("the end", () -> info(master, "master_failover_state").equals("no-failover"));
    assertEquals("master", info(master, "role"));
    assertEquals("slave", info(target, "role"));
    master.awaitLine(
        "Aborting failover to 127.0.0.1:"
            + target.port()
            + " while failover-in-progress: Failover target rejected psync request");
    assertEquals(oldId, info(master, "master_replid2"));
    assertEquals("OK", call(master.port(), "SET", "b", "1"));
    awaitSame(master, other);
    assertEquals("2", stat(master, "sync_full"), "the one that stayed continues");
    assertEquals("OK", call(target.port(), "REPLICAOF", "127.0.0.1", "" + master.port()));
    awaitSame(master, target);
  }

  private static int count(ChronolithProcess node, String text) {
    return node.output().split(text, -1).length - 1;
  }

  @Test
  void shouldFollowTheTargetWhoseAnswerWasLost() {
    ChronolithProcess master = debuggable("a");
    int targetPort = ChronolithProcess.freePort();
    try (LinkProxy proxy = new LinkProxy(targetPort)) {
      ChronolithProcess target =
          ChronolithProcess.start(
              directory.resolve("b"),
              targetPort,
              "--enable-debug-command",
              "yes",
              "--save",
              "",
              "--replica-announce-port",
              Integer.toString(proxy.port()),
              "--replicaof",
              "127.0.0.1 " + master.port());
      processes.add(target);
      await("the link", () -> info(target, "master_link_status").equals("up"));
      call(master.port(), "SET", "a", "1");
      String oldId = info(master, "master_replid");
      // Within +CONTINUE and its id: behind +PONG and those +OK that the handshake has.
      proxy.cutAfter("+PONG\r\n".length() + 4 * "+OK\r\n".length() + 10);
      String port = Integer.toString(proxy.port());
      assertEquals("OK", call(master.port(), "FAILOVER", "TO", "127.0.0.1", port));
      await("the end", () -> info(master, "master_failover_state").equals("no-failover"));
      String request = "Failover request received for replid " + oldId;
      await("both requests in the log", () -> count(target, request) >= 2);
      assertEquals(2, count(target, request), target::output);
      assertEquals("master", info(target, "role"));
      assertEquals("slave", info(master, "role"), "else there are two masters");
      assertEquals(oldId, info(target, "master_replid2"));
      assertEquals("OK", call(target.port(), "SET", "b", "1"));
      awaitSame(target, master);
      assertEquals("0", stat(target, "sync_full"));
      assertEquals("1", call(master.port(), "GET", "b"));
    }
  }

  @Test
  void shouldBecomeTheMasterAgainOnAbortAndOnTimeout() {
    ChronolithProcess master = debuggable("a");
    ChronolithProcess target = debuggableReplica("b", master);
    ChronolithProcess other = debuggableReplica("c", master);
    freeze(target);
    call(master.port(), "SET", "a", "1");

    // Without FORCE it stays the master; it is not another history.
    String id = info(master, "master_replid");
    String port = Integer.toString(target.port());
    assertEquals(
        "OK", call(master.port(), "FAILOVER", "TO", "127.0.0.1", port, "TIMEOUT", OVER_IN_MS));
    assertEquals("waiting-for-sync", info(master, "master_failover_state"));
    assertEquals("master", info(master, "role"));
    await("the timeout", () -> info(master, "master_failover_state").equals("no-failover"));
    master.awaitLine(
        "Aborting failover to 127.0.0.1:"
            + port
            + " while waiting-for-sync: Replica never caught up before timeout");
    assertEquals(id, info(master, "master_replid"));
    assertEquals("OK", call(master.port(), "SET", "b", "1"));

    // Handed over already: it takes the role back under a new id.
    forceTo(master, target);
    // As Redis has it: a replica already, whose master has not answered.
    assertEquals("slave", info(master, "role"));
    assertEquals("down", info(master, "master_link_status"));
    assertEquals("ERR FAILOVER already in progress.", said(master.port(), "FAILOVER"));
    assertEquals(
        "READONLY You can't write against a read only replica.",
        said(master.port(), "SET", "x", "1"));
    assertEquals(
        "ERR REPLICAOF not allowed while failing over.",
        said(master.port(), "REPLICAOF", "127.0.0.1", "1"));
    assertEquals("OK", call(master.port(), "FAILOVER", "ABORT"));
    assertEquals("no-failover", info(master, "master_failover_state"));
    assertEquals("master", info(master, "role"));
    assertEquals(id, info(master, "master_replid2"));
    assertEquals("ERR No failover in progress.", said(master.port(), "FAILOVER", "ABORT"));
    assertEquals("OK", call(master.port(), "SET", "c", "1"));
    target.thaw();
    awaitSame(master, target, other);
    assertEquals("slave", info(target, "role"));
    assertEquals("2", stat(master, "sync_full"));
    assertEquals("1", call(target.port(), "GET", "c"));
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
        assertEquals(
            said(redis.port(), request).replaceAll("\\[master, \\d+", "[master, 0"),
            said(master.port(), request).replaceAll("\\[master, \\d+", "[master, 0"),
            String.join(" ", request));
      }
    }
  }
}
