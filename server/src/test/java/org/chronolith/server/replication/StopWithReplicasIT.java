package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: a master that is stopped cleanly leaves nothing behind that was acknowledged. */
@Tag("slow")
class StopWithReplicasIT extends RealNodes {
  private static final int WRITERS = 4;

  /** Counts up until the connection ends; what was acknowledged last. */
  private static final class Writer extends Thread {
    private final int port;
    private final String key;
    private volatile long acknowledged;
    private volatile String refused;

    Writer(int port, String key) {
      super("writer-" + key);
      this.port = port;
      this.key = key;
    }

    @Override
    public void run() {
      try (RespClient client = new RespClient(port)) {
        while (true) {
          acknowledged = (Long) client.call("INCR", key);
        }
      } catch (RespClient.ErrorReply e) {
        refused = e.getMessage();
      } catch (RespClient.Disconnected e) {
        // The server has ended.
        return;
      }
    }
  }

  @Test
  void shouldHaveReplicasTakeEveryAcknowledgedWriteBeforeAStop() throws InterruptedException {
    ChronolithProcess master = start("a", "--save", "1 1", "--shutdown-timeout", "60");
    try (LinkProxy proxy = new LinkProxy(master.port())) {
      ChronolithProcess replica = startReplica("b", proxy.port());
      // It lags: what a stop leaves to itself would never get there.
      proxy.slow(400_000);
      assertEquals("OK", master.call("SET", "big", "x".repeat(1_000_000)));
      List<Writer> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        Writer writer = new Writer(master.port(), "counter" + i);
        writers.add(writer);
        writer.start();
      }
      await("writes", () -> writers.stream().allMatch(writer -> writer.acknowledged > 100));
      assertEquals(0, master.stop(), master::output);
      for (Writer writer : writers) {
        writer.join();
        assertEquals(null, writer.refused, "writes wait, they are not refused");
      }
      assertEquals("OK", replica.call("REPLICAOF", "NO", "ONE"));
      for (Writer writer : writers) {
        assertEquals(Long.toString(writer.acknowledged), replica.call("GET", writer.key));
      }
      String output = master.output();
      assertTrue(output.contains("Received SIGTERM scheduling shutdown..."), output);
      assertTrue(output.contains("User requested shutdown..."), output);
      assertTrue(output.contains("Waiting for replicas before shutting down."), output);
      assertTrue(output.contains("1 of 1 replicas are in sync when shutting down."), output);

      ChronolithProcess again = start("a", "--replicaof", "127.0.0.1 " + replica.port());
      await("the old master", () -> again.info("replication", "master_link_status").equals("up"));
      try (RespClient client = replica.connect()) {
        assertEquals("0", client.info("stats", "sync_full"), "it continues");
      }
    }
  }

  @Test
  void shouldWaitForAFrozenReplicaNoLongerThanTheTimeout() {
    ChronolithProcess master = start("a", "--shutdown-timeout", "2");
    ChronolithProcess replica = startReplica("b", master.port());
    replica.freeze();
    assertEquals("OK", master.call("SET", "a", "1"));
    long begun = System.nanoTime();
    assertEquals(0, master.stop(), master::output);
    long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    assertTrue(tookMs >= 2_000, "it ended after " + tookMs + " ms");
    String output = master.output();
    assertTrue(
        output.contains("Lagging replica 127.0.0.1:" + replica.port() + " reported offset "),
        output);
    assertTrue(output.contains(" behind master, lag="), output);
    assertTrue(output.contains(", state=online."), output);
    assertTrue(output.contains("0 of 1 replicas are in sync when shutting down."), output);
    assertTrue(tookMs < 20_000, "it ended after " + tookMs + " ms");
  }

  @Test
  void shouldNotWaitIfItIsToStopNow() {
    ChronolithProcess master = start("a", "--shutdown-timeout", "50");
    ChronolithProcess replica = startReplica("b", master.port());
    replica.freeze();
    assertEquals("OK", master.call("SET", "a", "1"));
    long begun = System.nanoTime();
    assertThrows(RespClient.Disconnected.class, () -> master.call("SHUTDOWN", "NOW"));
    assertEquals(0, master.awaitExit(), master::output);
    assertTrue(System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(30));
    assertFalse(master.output().contains("Waiting for replicas"), master::output);
  }

  @Test
  void shouldGoOnWhenAStopIsAborted() throws InterruptedException {
    ChronolithProcess master = start("a", "--shutdown-timeout", "50");
    ChronolithProcess replica = startReplica("b", master.port());
    assertEquals("ERR No shutdown in progress.", master.said("SHUTDOWN", "ABORT"));
    assertEquals("ERR syntax error", master.said("SHUTDOWN", "ABORT", "NOW"));
    replica.freeze();
    assertEquals("OK", master.call("SET", "a", "1"));
    try (RespClient asking = master.connect();
        RespClient writing = master.connect();
        RespClient aborting = master.connect()) {
      asking.send("SHUTDOWN");
      asking.flush();
      await("the wait", () -> waits(master, 1));
      writing.send("SET", "b", "1");
      writing.flush();
      assertEquals(null, aborting.call("GET", "b"), "reads go on, writes wait");
      long leftMs = Long.parseLong(aborting.info("server", "shutdown_in_milliseconds"));
      assertTrue(leftMs > 0 && leftMs <= 50_000, leftMs + " ms");
      assertEquals("OK", aborting.call("SHUTDOWN", "ABORT"));
      RespClient.ErrorReply error =
          assertThrows(RespClient.ErrorReply.class, () -> asking.receive());
      assertEquals("ERR Errors trying to SHUTDOWN. Check logs.", error.getMessage());
      assertEquals("PONG", asking.call("PING"));
      assertEquals("OK", writing.receive());
      assertFalse(aborting.call("INFO", "server").toString().contains("shutdown_in_milliseconds"));
      assertEquals("ERR No shutdown in progress.", master.said("SHUTDOWN", "ABORT"));

      master.signalStop();
      await("the wait", () -> waits(master, 2));
      assertEquals("OK", aborting.call("SHUTDOWN", "ABORT"));
      assertEquals("OK", writing.call("SET", "c", "1"));
    }
    await("the line", () -> master.output().split("Shutdown manually aborted.", -1).length == 3);
    replica.thaw();
    await("the replica", () -> "1".equals(replica.call("GET", "c")));
    assertEquals(0, master.stop(), master::output);
  }

  private static boolean waits(ChronolithProcess master, int times) {
    String line = "Waiting for replicas before shutting down.";
    return master.output().split(line, -1).length == times + 1;
  }
}
