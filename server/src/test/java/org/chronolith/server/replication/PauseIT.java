package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.chronolith.server.testing.Await.awaitCaughtUp;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: what {@code CLIENT PAUSE} promises to whoever hands the role over by hand. */
@Tag("slow")
class PauseIT {
  private static final int KEYS = 100;

  @TempDir Path directory;
  private ChronolithProcess master;
  private ChronolithProcess replica;
  private RespClient client;
  private RespClient follower;

  @BeforeEach
  void start() {
    master =
        ChronolithProcess.start(
            directory.resolve("a"),
            ChronolithProcess.freePort(),
            "--repl-ping-replica-period",
            "1");
    replica =
        ChronolithProcess.start(
            directory.resolve("b"),
            ChronolithProcess.freePort(),
            "--replicaof",
            "127.0.0.1 " + master.port());
    client = master.connect();
    follower = replica.connect();
    awaitCaughtUp(client, follower);
  }

  @AfterEach
  void end() {
    client.close();
    follower.close();
    master.close();
    replica.close();
  }

  private static long offset(RespClient of) {
    return Long.parseLong(of.info("replication", "master_repl_offset"));
  }

  private static long uptime(RespClient of) {
    return Long.parseLong(of.info("server", "uptime_in_seconds"));
  }

  /** Keys that are read again and again until none is there any more. */
  private void readUntilAllHaveExpired() {
    await(
        "the expiry",
        () -> {
          boolean gone = true;
          for (int i = 0; i < KEYS; i++) {
            gone &= client.call("GET", "key" + i) == null;
          }
          return gone;
        });
  }

  private long expired() {
    return Long.parseLong(client.info("stats", "expired_keys"));
  }

  private void setKeysThatExpire() {
    for (int i = 0; i < KEYS; i++) {
      client.call("SET", "key" + i, "v", "PX", "3000");
    }
  }

  @Test
  void shouldKeepTheOffsetWhileWritesArePaused() {
    long expiredAtFirst = expired();
    setKeysThatExpire();
    assertEquals("OK", client.call("CLIENT", "PAUSE", "100000", "WRITE"));
    // On a slow machine some are gone before the pause.
    long expiredBefore = expired();
    long paused = offset(client);
    long begun = uptime(client);
    assertEquals(1L, client.call("WAIT", "1", "20000"), "replicas acknowledge by themselves");
    assertEquals(1L, client.call("WAIT", "2", "200"));
    readUntilAllHaveExpired();
    await("several pings' time", () -> uptime(client) >= begun + 4);
    assertEquals(paused, offset(client));
    assertEquals(expiredBefore, expired());
    assertEquals("up", follower.info("replication", "master_link_status"));

    assertEquals("OK", client.call("CLIENT", "UNPAUSE"));
    await("the expiry", () -> expired() == expiredAtFirst + KEYS);
    assertTrue(offset(client) > paused);
    awaitCaughtUp(client, follower);
    assertEquals(0L, follower.call("DBSIZE"));
  }

  @Test
  void shouldKeepTheLinksThroughAPauseThatIsLongerThanTheirTimeout() {
    client.call("CONFIG", "SET", "repl-timeout", "8");
    follower.call("CONFIG", "SET", "repl-timeout", "8");
    assertEquals("OK", client.call("CLIENT", "PAUSE", "100000", "WRITE"));
    long begun = uptime(client);
    await("twice the timeout", () -> uptime(client) >= begun + 17);
    assertEquals("up", follower.info("replication", "master_link_status"));
    assertEquals("0", client.info("stats", "sync_partial_ok"));
    assertTrue(!replica.output().contains("MASTER timeout"), replica::output);
    assertEquals("OK", client.call("CLIENT", "UNPAUSE"));
  }

  @Test
  void shouldContinueAfterAHandOverByHandAlthoughExpiredKeysWereRead() {
    setKeysThatExpire();
    assertEquals("OK", client.call("CLIENT", "PAUSE", "100000", "WRITE"));
    awaitCaughtUp(client, follower);
    assertEquals("OK", follower.call("REPLICAOF", "NO", "ONE"));
    readUntilAllHaveExpired();
    assertEquals("OK", client.call("REPLICAOF", "127.0.0.1", "" + replica.port()));
    awaitCaughtUp(follower, client);
    assertEquals("0", follower.info("stats", "sync_full"));
    assertEquals("1", follower.info("stats", "sync_partial_ok"));
    assertTrue(!master.output().contains("diverge"), master::output);
    assertEquals("OK", client.call("CLIENT", "UNPAUSE"));
  }
}
