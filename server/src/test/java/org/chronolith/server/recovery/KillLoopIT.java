package org.chronolith.server.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A master under load, killed with -9 again and again at random moments, its start included, while
 * a replica is attached. Nothing acknowledged is lost, and the replica never needs a full sync.
 */
@Tag("slow")
@org.junit.jupiter.api.condition.EnabledIfSystemProperty(
    named = "chronolith.killLoop",
    matches = "true",
    disabledReason = "two minutes long: run with -Dchronolith.killLoop=true")
class KillLoopIT {
  private static final int KILLS = 50;
  private static final int WRITERS = 3;
  private static final int KEYS_PER_WRITER = 2_000;
  private static final int PIPELINE = 32;
  private static final int LONGEST_LOAD_MS = 600;
  private static final String[] POLICIES = {"always", "everysec", "no"};

  @TempDir Path masterData;
  @TempDir Path replicaData;
  private final int port = ChronolithProcess.freePort();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<Writer> writers = new ArrayList<>();
  private final List<String> refusals = new ArrayList<>();
  private ChronolithProcess master;
  private ChronolithProcess replica;

  @AfterEach
  void end() {
    writers.forEach(Writer::end);
    if (master != null) {
      master.close();
    }
    if (replica != null) {
      replica.close();
    }
  }

  private ChronolithProcess startMaster(int round) {
    return ChronolithProcess.start(
        masterData,
        port,
        "--appendfsync",
        POLICIES[round % POLICIES.length],
        "--log-segment-bytes",
        "1mb",
        "--repl-log-retention-bytes",
        "24mb",
        "--snapshot-trigger-log-bytes",
        "2mb",
        "--enable-debug-command",
        "yes");
  }

  @Test
  void shouldLoseNothingAcknowledgedOverFiftyKillsNorTheReplica() throws Exception {
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer(i));
    }
    master = startMaster(0);
    replica =
        ChronolithProcess.start(
            replicaData,
            ChronolithProcess.freePort(),
            "--replicaof",
            "127.0.0.1 " + port,
            "--enable-debug-command",
            "yes");
    try (RespClient follower = replica.connect()) {
      await("it follows", () -> "up".equals(linkStatus(follower)));
      int fullSyncs = 0;
      long acknowledged = 0;
      for (int round = 0; round < KILLS; round++) {
        for (Writer writer : writers) {
          writer.start();
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_LOAD_MS));
        try (RespClient client = master.connect()) {
          fullSyncs += Integer.parseInt(client.info("stats", "sync_full"));
        }
        master.kill();
        noteRefusals(round);
        for (Writer writer : writers) {
          writer.end();
        }
        if (random.nextInt(5) == 0) {
          // In the middle of a start, too.
          ChronolithProcess starting = ChronolithProcess.launch(masterData, port);
          TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(1_200));
          starting.kill();
        }
        master = startMaster(round + 1);
        try (RespClient client = master.connect()) {
          for (Writer writer : writers) {
            acknowledged += writer.check(client, "seed " + seed + ", round " + round);
          }
        }
      }
      try (RespClient client = master.connect()) {
        await("the replica is at the end", () -> offset(follower).equals(offset(client)));
        assertEquals(client.call("DEBUG", "DIGEST"), follower.call("DEBUG", "DIGEST"));
        fullSyncs += Integer.parseInt(client.info("stats", "sync_full"));
      }
      assertEquals(1, fullSyncs, "seed " + seed + ": the first one only; " + refusals);
      assertTrue(acknowledged > KILLS * 100L, "only " + acknowledged + " writes acknowledged");
    }
  }

  /** Why a replica was not let go on, as the master says it. */
  private void noteRefusals(int round) {
    master
        .output()
        .lines()
        .filter(line -> line.contains("not accepted") || line.contains("lack of backlog"))
        .forEach(line -> refusals.add("round " + round + ": " + line));
  }

  private static String linkStatus(RespClient client) {
    return client.info("replication", "master_link_status");
  }

  private static String offset(RespClient client) {
    return client.info("replication", "master_repl_offset");
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "within 90 s: " + what);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /**
   * Counts up over a ring of keys: after a kill each key has what was acknowledged last, or
   * something sent after it.
   */
  private final class Writer {
    private final int number;
    private final long[] acknowledged = new long[KEYS_PER_WRITER];
    private final long[] sent = new long[KEYS_PER_WRITER];
    private long last;
    private long acknowledgedInRound;
    private Thread thread;
    private volatile boolean ended;
    private volatile Throwable failure;

    Writer(int number) {
      this.number = number;
    }

    void start() {
      ended = false;
      acknowledgedInRound = 0;
      thread = new Thread(this::run, "writer-" + number);
      thread.start();
    }

    void end() {
      ended = true;
      if (thread != null) {
        try {
          thread.join(TimeUnit.SECONDS.toMillis(60));
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        assertTrue(!thread.isAlive(), thread.getName() + " does not end");
      }
      assertNull(failure);
    }

    private void run() {
      try (RespClient client = new RespClient(port)) {
        while (!ended) {
          long first = last + 1;
          for (int i = 0; i < PIPELINE; i++) {
            last++;
            sent[key(last)] = last;
            client.send("SET", name(key(last)), Long.toString(last));
          }
          client.flush();
          for (long value = first; value < first + PIPELINE; value++) {
            if (!"OK".equals(client.receive())) {
              throw new AssertionError("a SET was not answered with OK");
            }
            acknowledged[key(value)] = value;
            acknowledgedInRound++;
          }
        }
      } catch (RespClient.Disconnected e) {
        // The kill that the test is about.
        return;
      } catch (Throwable e) {
        failure = e;
      }
    }

    /** Returns how many writes were acknowledged before the kill. */
    long check(RespClient client, String when) {
      for (int key = 0; key < KEYS_PER_WRITER; key++) {
        client.send("GET", name(key));
      }
      client.flush();
      for (int key = 0; key < KEYS_PER_WRITER; key++) {
        Object reply = client.receive();
        long found = reply == null ? 0 : Long.parseLong((String) reply);
        String values = found + ", acknowledged " + acknowledged[key] + ", sent " + sent[key];
        assertTrue(
            found >= acknowledged[key] && found <= sent[key],
            when + ": " + name(key) + " is " + values);
        // What was sent before the kill and is not there now will not come.
        acknowledged[key] = found;
        sent[key] = found;
      }
      return acknowledgedInRound;
    }

    private static int key(long value) {
      return (int) (value % KEYS_PER_WRITER);
    }

    private String name(int key) {
      return "writer" + number + ":" + key;
    }
  }
}
