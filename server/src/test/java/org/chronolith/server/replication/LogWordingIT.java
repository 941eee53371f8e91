package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.RedisServerProcess;
import org.chronolith.server.testing.RequiresRedis;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What operators have alerts on: a pair of Chronolith nodes and a pair of redis-servers go through
 * the same, and say the same.
 */
@Tag("slow")
@RequiresRedis
class LogWordingIT {

  private static final List<String> OF_THE_MASTER =
      List.of(
          " asks for synchronization",
          "Synchronization with replica 127.0.0.1:",
          "Connection with replica 127.0.0.1:",
          "Partial resynchronization request from 127.0.0.1:",
          "FAILOVER requested to 127.0.0.1:",
          " is synced, failing over.",
          "Before turning into a replica, using my own master parameters to synthesize a cached"
              + " master: I may be able to synchronize with the new master with just a partial"
              + " transfer.",
          "Master replication ID changed to ",
          "MASTER MODE enabled (user request from '");

  private static final List<String> OF_THE_REPLICA =
      List.of(
          "REPLICAOF 127.0.0.1:",
          "Connecting to MASTER 127.0.0.1:",
          "MASTER <-> REPLICA sync started",
          "Non blocking connect for SYNC fired the event.",
          "Master replied to PING, replication can continue...",
          "Full resync from master: ",
          "MASTER <-> REPLICA sync: Finished with success",
          "Connection with master lost.",
          "Reconnecting to MASTER 127.0.0.1:",
          "Trying a partial resynchronization (request ",
          "Successful partial resynchronization with master.",
          "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.",
          "Failover request received for replid ",
          "Setting secondary replication ID to ",
          "MASTER MODE enabled (failover request from '");

  @TempDir Path directory;

  /** What a node has logged so far. */
  private interface Output {
    String all() throws IOException;
  }

  @Test
  void shouldSayWhatRedisSaysWhereTheSameHappens() throws Exception {
    Path master = Files.createDirectory(directory.resolve("redis-master"));
    Path replica = Files.createDirectory(directory.resolve("redis-replica"));
    try (RedisServerProcess one = RedisServerProcess.start(master);
        RedisServerProcess other = RedisServerProcess.start(replica)) {
      Output ofOne = () -> Files.readString(master.resolve("redis-server.log"));
      Output ofOther = () -> Files.readString(replica.resolve("redis-server.log"));
      goThrough(one.port(), ofOne, other.port());
      assertEquals(List.of(), missing(OF_THE_MASTER, ofOne.all()), "redis-server as the master");
      assertEquals(
          List.of(), missing(OF_THE_REPLICA, ofOther.all()), "redis-server as the replica");
    }
    try (ChronolithProcess one = start("master");
        ChronolithProcess other = start("replica")) {
      goThrough(one.port(), one::output, other.port());
      OF_THE_MASTER.forEach(one::awaitLine);
      OF_THE_REPLICA.forEach(other::awaitLine);
    }
  }

  private ChronolithProcess start(String name) {
    return ChronolithProcess.start(directory.resolve(name), ChronolithProcess.freePort());
  }

  private static List<String> missing(List<String> wanted, String output) {
    List<String> missing = new ArrayList<>(wanted);
    missing.removeIf(output::contains);
    return missing;
  }

  /** A full sync, a cut link, a handing over, and a promotion by hand. */
  private static void goThrough(int master, Output output, int replica) throws Exception {
    try (RespClient one = new RespClient(master);
        RespClient other = new RespClient(replica)) {
      one.call("SET", "key", "value");
      other.call("REPLICAOF", "127.0.0.1", "" + master);
      await("the full sync", () -> contains(output, "Synchronization with replica 127.0.0.1:"));
      awaitLink(other);
      one.call("CLIENT", "KILL", "TYPE", "replica");
      await("a partial resync", () -> one.info("stats", "sync_partial_ok").equals("1"));
      awaitLink(other);
      one.call("FAILOVER", "TO", "127.0.0.1", "" + replica, "TIMEOUT", "20000");
      await("the handing over", () -> one.info("replication", "role").equals("slave"));
      awaitLink(one);
      one.call("REPLICAOF", "NO", "ONE");
      // A server may write its lines some time after it has answered.
      String last = OF_THE_MASTER.get(OF_THE_MASTER.size() - 1);
      await("the last line", () -> contains(output, last));
    }
  }

  private static boolean contains(Output output, String text) {
    try {
      return output.all().contains(text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void awaitLink(RespClient replica) {
    await("the link", () -> replica.info("replication", "master_link_status").equals("up"));
  }
}
