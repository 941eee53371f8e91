package org.chronolith.server.recovery;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A master under load, killed with -9 again and again at random moments, its start included, while
 * a replica is attached. Nothing acknowledged is lost; the replica is identical whenever it has
 * caught up, and never needs a full sync but the first, though the log that is kept for nobody in
 * particular is short.
 */
@Tag("slow")
class KillLoopIT {
  private static final int KILLS = 50;
  private static final int WRITERS = 3;
  private static final int KEYS_PER_WRITER = 2_000;
  private static final int PIPELINE = 32;
  private static final int REPLICA_CHECK_EVERY = 3;
  private static final int LONGEST_LOAD_MS = 500;
  private static final String[] POLICIES = {"always", "everysec", "no"};

  @TempDir Path masterData;
  @TempDir Path replicaData;
  private final int port = ChronolithProcess.freePort();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<Writer> writers = new ArrayList<>();
  private final List<String> syncs = new ArrayList<>();
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

  private static String[] directives(int round) {
    return new String[] {
      "--appendfsync",
      POLICIES[round % POLICIES.length],
      "--log-segment-bytes",
      "1mb",
      "--repl-log-retention-bytes",
      "8mb",
      "--snapshot-trigger-log-bytes",
      "2mb",
      "--enable-debug-command",
      "yes"
    };
  }

  private ChronolithProcess startMaster(int round) {
    return ChronolithProcess.start(masterData, port, directives(round));
  }

  private void killMaster(ChronolithProcess process, int round) {
    process.kill();
    noteSyncs(process, "round " + round);
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
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
      long acknowledged = 0;
      for (int round = 0; round < KILLS; round++) {
        for (Writer writer : writers) {
          writer.start();
        }
        TimeUnit.MILLISECONDS.sleep(random.nextInt(LONGEST_LOAD_MS));
        killMaster(master, round);
        for (Writer writer : writers) {
          writer.end();
        }
        if (random.nextInt(5) == 0) {
          // In the middle of a start, too.
          ChronolithProcess starting =
              ChronolithProcess.launch(masterData, port, directives(round + 1));
          TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(1_200));
          killMaster(starting, round);
        }
        master = startMaster(round + 1);
        String when = "seed " + seed + ", round " + round;
        try (RespClient client = master.connect()) {
          for (Writer writer : writers) {
            acknowledged += writer.check(client, when);
          }
          // Else the replica finds the master when it can: it may miss several in a row.
          if (random.nextInt(REPLICA_CHECK_EVERY) == 0 || round == KILLS - 1) {
            checkReplica(client, follower, when);
          }
        }
      }
      noteSyncs(master, "after the last kill");
      assertEquals(1, syncs.size(), "seed " + seed + ": the first one only; " + syncs);
      assertTrue(acknowledged > KILLS * 100L, "only " + acknowledged + " writes acknowledged");
    }
  }

  private static void checkReplica(RespClient client, RespClient follower, String when)
      throws InterruptedException {
    await(
        when + ": the replica is at the end",
        () -> "up".equals(linkStatus(follower)) && offset(follower).equals(offset(client)));
    assertEquals(client.call("DEBUG", "DIGEST"), follower.call("DEBUG", "DIGEST"), when);
  }

  /** The full syncs that a master has begun, and why a replica was not let go on. */
  private void noteSyncs(ChronolithProcess process, String when) {
    List<String> said =
        process
            .output()
            .lines()
            .filter(
                line ->
                    line.contains("not accepted")
                        || line.contains("lack of backlog")
                        || line.contains("Full resync requested")
                        || line.contains("on the log ends"))
            .toList();
    if (!said.isEmpty()) {
      syncs.add(when + ": " + said);
    }
  }

  private static String linkStatus(RespClient client) {
    return client.info("replication", "master_link_status");
  }

  private static String offset(RespClient client) {
    return client.info("replication", "master_repl_offset");
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
