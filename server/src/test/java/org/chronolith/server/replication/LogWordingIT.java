package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
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

  /** {@link #named}. */
  private static final String REPLICA = "<replica>";

  /** Of a master whose replica has announced where it listens. */
  private static final List<String> OF_ANNOUNCED =
      List.of(
          "Replica 127.0.0.1:<replica> asks for synchronization",
          "Synchronization with replica 127.0.0.1:<replica> succeeded",
          "Partial resynchronization request from 127.0.0.1:<replica> accepted. Sending ");

  private static final List<String> OF_THE_REFUSING_MASTER =
      List.of(
          "Replica 127.0.0.1:4242 asks for synchronization",
          "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '",
          "Unable to partial resync with replica 127.0.0.1:4242 for lack of backlog (Replica request"
              + " was: 1000000).",
          "Warning: replica 127.0.0.1:4242 tried to PSYNC with an offset that is greater than the"
              + " master replication offset.",
          "Full resync requested by replica 127.0.0.1:4242");

  private static final List<String> OF_THE_REMAINING_MASTER =
      List.of(
          "FAILOVER requested to any replica.",
          "FAILOVER to any replica aborted: Failover manually aborted",
          "FAILOVER requested to 127.0.0.1:<replica>.",
          "FAILOVER to 127.0.0.1:<replica> aborted: Replica never caught up before timeout",
          "FAILOVER to 127.0.0.1:<replica> time out exceeded, failing over.",
          "FAILOVER to 127.0.0.1:<replica> aborted: Failover manually aborted");

  private static final List<String> OF_THE_FAILING_MASTER =
      List.of("Disconnecting timedout replica (streaming sync): 127.0.0.1:");

  private static final List<String> OF_THE_FAILING_REPLICA =
      List.of(
          "Error condition on socket for SYNC: Connection refused",
          "Unable to AUTH to MASTER: -WRONGPASS ",
          "MASTER aborted replication with an error: NOAUTH ",
          "Master did not respond to command during SYNC handshake",
          "I/O error trying to sync with MASTER: ",
          " after failure",
          "Failed trying to load the MASTER synchronization DB from ",
          "MASTER timeout: no data nor PING received...",
          "Timeout connecting to the MASTER...");

  private static final int LOAD_BYTES = 8 << 20;
  private static final String DAMAGED = "~what~comes~damaged~";

  @TempDir Path directory;

  /** What a node has logged so far. */
  private interface Output {
    String all() throws IOException;
  }

  /** Stops a process where it is, or lets it go on. */
  private record Freezer(Runnable freeze, Runnable thaw) {
    void whileFrozen(Runnable work) {
      freeze.run();
      try {
        work.run();
      } finally {
        thaw.run();
      }
    }
  }

  /** A server of the pair. */
  private record Node(int port, Output output, Freezer freezer) {
    static Node of(RedisServerProcess server) {
      return new Node(server.port(), server::output, new Freezer(server::freeze, server::thaw));
    }

    static Node of(ChronolithProcess server) {
      return new Node(server.port(), server::output, new Freezer(server::freeze, server::thaw));
    }

    boolean says(String text) {
      return contains(output, text);
    }

    void awaitLine(String text) {
      await(text, () -> says(text));
    }
  }

  @Test
  void shouldSayWhatRedisSaysWhereTheSameHappens() throws Exception {
    Path master = Files.createDirectory(directory.resolve("redis-master"));
    Path replica = Files.createDirectory(directory.resolve("redis-replica"));
    String redisMaster;
    String redisReplica;
    try (RedisServerProcess one = RedisServerProcess.start(master);
        RedisServerProcess other = RedisServerProcess.start(replica)) {
      Output ofOne = () -> Files.readString(master.resolve("redis-server.log"));
      Output ofOther = () -> Files.readString(replica.resolve("redis-server.log"));
      goThrough(one.port(), ofOne, other.port());
      redisMaster = named(ofOne.all(), other.port());
      redisReplica = ofOther.all();
      assertEquals(List.of(), missing(OF_THE_MASTER, redisMaster), "redis-server as the master");
      assertEquals(List.of(), missing(OF_ANNOUNCED, redisMaster), "redis-server as the master");
      assertEquals(List.of(), missing(OF_THE_REPLICA, redisReplica), "redis-server as the replica");
    }
    try (ChronolithProcess one = start("master");
        ChronolithProcess other = start("replica")) {
      goThrough(one.port(), one::output, other.port());
      OF_THE_MASTER.forEach(one::awaitLine);
      OF_THE_REPLICA.forEach(other::awaitLine);
      String output = named(one.output(), other.port());
      assertSame(OF_THE_MASTER, redisMaster, output);
      assertSame(OF_ANNOUNCED, redisMaster, output);
      assertSame(OF_THE_REPLICA, redisReplica, other.output());
    }
  }

  @Test
  void shouldSayWhatRedisSaysWhereTheSameFails() throws Exception {
    Path master = Files.createDirectory(directory.resolve("redis-master"));
    Path replica = Files.createDirectory(directory.resolve("redis-replica"));
    String ofRedisMaster;
    String ofRedisReplica;
    try (RedisServerProcess one =
            RedisServerProcess.start(master, "--repl-diskless-sync-delay", "0");
        RedisServerProcess other = RedisServerProcess.start(replica)) {
      failThrough(Node.of(one), Node.of(other), true);
      ofRedisMaster = one.output();
      ofRedisReplica = other.output();
    }
    try (ChronolithProcess one = start("master");
        ChronolithProcess other = start("replica")) {
      failThrough(Node.of(one), Node.of(other), false);
      assertSame(OF_THE_FAILING_MASTER, ofRedisMaster, one.output());
      assertSame(OF_THE_FAILING_REPLICA, ofRedisReplica, other.output());
    }
  }

  @Test
  void shouldSayWhatRedisSaysWhereItRefusesAndRemainsTheMaster() throws Exception {
    Path master = Files.createDirectory(directory.resolve("redis-master"));
    Path replica = Files.createDirectory(directory.resolve("redis-replica"));
    String ofRedis;
    try (RedisServerProcess one =
            RedisServerProcess.start(master, "--repl-diskless-sync-delay", "0");
        RedisServerProcess other = RedisServerProcess.start(replica)) {
      refuseAndRemain(Node.of(one), Node.of(other));
      ofRedis = named(one.output(), other.port());
      assertEquals(List.of(), missing(OF_THE_REFUSING_MASTER, ofRedis));
      assertEquals(List.of(), missing(OF_THE_REMAINING_MASTER, ofRedis));
    }
    try (ChronolithProcess one = start("master");
        ChronolithProcess other = start("replica")) {
      refuseAndRemain(Node.of(one), Node.of(other));
      String output = named(one.output(), other.port());
      assertSame(OF_THE_REFUSING_MASTER, ofRedis, output);
      assertSame(OF_THE_REMAINING_MASTER, ofRedis, output);
    }
  }

  /** Requests from nowhere, and handings over to a frozen replica. */
  private static void refuseAndRemain(Node master, Node replica) throws Exception {
    try (RespClient one = new RespClient(master.port());
        RespClient other = new RespClient(replica.port())) {
      one.call("SET", "key", "value");
      ask(master, "1".repeat(40), OF_THE_REFUSING_MASTER.get(1));
      String id = one.info("replication", "master_replid");
      ask(master, id, OF_THE_REFUSING_MASTER.get(3));
      ask(master, "?", OF_THE_REFUSING_MASTER.get(4));
      follow(other, master.port());
      awaitLink(other);
      String port = Integer.toString(replica.port());
      // The master hears of the end of the full sync a little later.
      await(
          "the replica to be online",
          () -> one.info("replication", "slave0").contains("port=" + port + ",state=online"));
      replica
          .freezer()
          .whileFrozen(
              () -> {
                one.call("SET", "key", "other");
                one.call("FAILOVER");
                one.call("FAILOVER", "ABORT");
                one.call("FAILOVER", "TO", "127.0.0.1", port, "TIMEOUT", "100");
                master.awaitLine("Replica never caught up before timeout");
                one.call("FAILOVER", "TO", "127.0.0.1", port, "TIMEOUT", "100", "FORCE");
                master.awaitLine("time out exceeded, failing over.");
                one.call("FAILOVER", "ABORT");
                master.awaitLine("127.0.0.1:" + port + " aborted: Failover manually aborted");
              });
    }
  }

  /** As a replica at port 4242 does. */
  private static void ask(Node master, String id, String answer) throws Exception {
    try (RespClient client = new RespClient(master.port())) {
      client.call("REPLCONF", "listening-port", "4242");
      client.send("PSYNC", id, "1000000");
      client.flush();
      master.awaitLine(answer);
    }
  }

  /** With a name for the replica's port, which is another one each time. */
  private static String named(String output, int replicaPort) {
    return output.replace("127.0.0.1:" + replicaPort, "127.0.0.1:" + REPLICA);
  }

  /**
   * A refused connection, wrong passwords, a cut in the handshake and one in the transfer, a
   * damaged data set, a frozen master and a frozen replica.
   */
  private static void failThrough(Node master, Node replica, boolean redis) throws Exception {
    try (RespClient one = new RespClient(master.port());
        RespClient other = new RespClient(replica.port());
        LinkProxy proxy = new LinkProxy(master.port())) {
      fill(one);
      follow(other, ChronolithProcess.freePort());
      replica.awaitLine("Error condition on socket for SYNC: Connection refused");

      one.call("CONFIG", "SET", "requirepass", "right");
      one.call("AUTH", "right");
      other.call("CONFIG", "SET", "masterauth", "wrong");
      follow(other, proxy.port());
      replica.awaitLine("Unable to AUTH to MASTER: -WRONGPASS ");
      other.call("CONFIG", "SET", "masterauth", "");
      replica.awaitLine("MASTER aborted replication with an error: NOAUTH ");
      proxy.refuse(true);
      replica.awaitLine("Master did not respond to command during SYNC handshake");
      other.call("CONFIG", "SET", "masterauth", "right");

      proxy.cutAfter(LOAD_BYTES / 2);
      // Time enough to prepare the next one, before what is left has come.
      proxy.slow(LOAD_BYTES / 4);
      proxy.refuse(false);
      replica.awaitLine("I/O error trying to sync with MASTER: ");
      proxy.refuse(true);
      proxy.slow(0);
      other.call("REPLICAOF", "NO", "ONE");
      if (redis) {
        // From a file it would take a damaged RDB for one of its own, and end.
        other.call("CONFIG", "SET", "repl-diskless-load", "swapdb");
        proxy.cutAfter(LOAD_BYTES / 2);
      } else {
        proxy.damage(DAMAGED);
      }
      proxy.refuse(false);
      follow(other, proxy.port());
      replica.awaitLine("Failed trying to load the MASTER synchronization DB from ");
      proxy.heal();
      awaitLink(other);

      other.call("CONFIG", "SET", "repl-timeout", "2");
      master
          .freezer()
          .whileFrozen(
              () -> {
                replica.awaitLine("MASTER timeout: no data nor PING received...");
                replica.awaitLine("Timeout connecting to the MASTER...");
              });
      other.call("CONFIG", "SET", "repl-timeout", "60");
      awaitLink(other);
      one.call("CONFIG", "SET", "repl-timeout", "2");
      replica
          .freezer()
          .whileFrozen(() -> master.awaitLine("Disconnecting timedout replica (streaming sync)"));
    }
  }

  /** What does not become small, and one value that is to be found in it. */
  private static void fill(RespClient client) {
    Random random = new Random(1);
    client.call("SET", "marked", DAMAGED);
    byte[] value = new byte[LOAD_BYTES / 64];
    for (int i = 0; i < 64; i++) {
      random.nextBytes(value);
      client.call("SET", "key" + i, HexFormat.of().formatHex(value));
    }
  }

  private static void follow(RespClient replica, int port) {
    replica.call("REPLICAOF", "127.0.0.1", Integer.toString(port));
  }

  /** Each is there, and as grave as redis-server takes it. */
  private static void assertSame(List<String> texts, String redis, String chronolith) {
    List<String> differ = new ArrayList<>();
    for (String text : texts) {
      String wanted = mark(redis, text);
      String found = mark(chronolith, text);
      if (!wanted.equals(found)) {
        differ.add(text + ": " + wanted + " of redis-server, " + found + " here");
      }
    }
    assertEquals(List.of(), differ);
  }

  /** Level of the first line with {@code text}: the mark between time and message. */
  private static String mark(String output, String text) {
    for (String line : output.split("\n")) {
      if (line.contains(text)) {
        return line.split(" ")[5];
      }
    }
    return "not there";
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
