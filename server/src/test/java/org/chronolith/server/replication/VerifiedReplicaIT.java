package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.chronolith.server.testing.ChronolithProcess;
import org.chronolith.server.testing.LinkProxy;
import org.chronolith.server.testing.RealNodes;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real processes: a byte is changed on its way to a replica. */
@Tag("slow")
class VerifiedReplicaIT extends RealNodes {
  private static final int BLOCK = BlockSums.BLOCK_BYTES;

  private ChronolithProcess replica(String name, int masterPort, String... directives) {
    List<String> all = new ArrayList<>(List.of("--replicaof", "127.0.0.1 " + masterPort));
    all.addAll(List.of(directives));
    ChronolithProcess started =
        start(name, ChronolithProcess.freePort(), all.toArray(String[]::new));
    awaitLink(started);
    return started;
  }

  /** A few whole blocks, so that those before are complete. */
  private static void write(ChronolithProcess node, int bytes) {
    String value = "v".repeat(1000);
    try (RespClient client = node.connect()) {
      int count = bytes / 1000;
      for (int i = 0; i < count; i++) {
        client.send("SET", "k" + i % 500, value + i);
      }
      client.flush();
      for (int i = 0; i < count; i++) {
        client.receive();
      }
    }
  }

  private void damage(LinkProxy proxy, ChronolithProcess master, String text) {
    proxy.damage(text);
    master.call("SET", "key of " + text, text);
    await("the damage", () -> !proxy.isToDamage());
    write(master, 3 * BLOCK);
  }

  @Test
  void shouldReportADamagedByteOnBothSides() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    write(master, 10 * BLOCK);
    LinkProxy proxy = proxyOf(master);
    ChronolithProcess replica = startReplica("b", proxy.port());
    write(master, 20 * BLOCK);
    await("verified blocks", () -> master.number("stats", "repl_verified_blocks") > 15);
    assertEquals(0, master.number("stats", "repl_mismatched_blocks"));
    long damagedAt = master.offset();
    damage(proxy, master, "to-be-damaged");
    await("the master's word", () -> master.number("stats", "repl_mismatched_blocks") == 1);
    await("the replica's word", () -> replica.number("stats", "repl_mismatched_blocks") == 1);

    String told =
        "The data of replica 127.0.0.1:" + replica.port() + " differs from this master's: ";
    Matcher said =
        Pattern.compile(
                told
                    + "(offsets (\\d+) to (\\d+) of "
                    + master.info("replication", "master_replid")
                    + ", checksum 0x[0-9a-f]{8} on the master, 0x[0-9a-f]{8} on the replica)")
            .matcher(master.awaitLine(told));
    assertTrue(said.find(), master::output);
    assertTrue(Long.parseLong(said.group(2)) <= damagedAt, said.group(1));
    assertTrue(Long.parseLong(said.group(3)) > damagedAt, said.group(1));
    replica.awaitLine("The data of this replica differs from its master's: " + said.group(1));
    replica.awaitLine("It is kept");

    // It goes on, by a partial resync; what is told again is neither counted nor cut for again.
    awaitLink(replica);
    long verified = master.number("stats", "repl_verified_blocks");
    long partial = master.number("stats", "sync_partial_ok");
    write(master, 10 * BLOCK);
    await("further blocks", () -> master.number("stats", "repl_verified_blocks") >= verified + 9);
    proxy.cut();
    await("the next link", () -> master.number("stats", "sync_partial_ok") == partial + 1);
    write(master, 300 * BLOCK);
    await("further blocks", () -> master.number("stats", "repl_verified_blocks") >= verified + 300);
    assertEquals(1, master.number("stats", "repl_mismatched_blocks"));
    assertEquals(1, replica.number("stats", "repl_mismatched_blocks"));
    assertEquals(0, replica.number("stats", "repl_mismatch_resyncs"));
    assertEquals(1, master.number("stats", "sync_full"));
    assertEquals(partial + 1, master.number("stats", "sync_partial_ok"));
    assertNotEquals(master.call("DEBUG", "DIGEST"), replica.call("DEBUG", "DIGEST"));

    // A restarted replica is told again; and it is resolved when somebody asks for that.
    replica.stop();
    ChronolithProcess restarted =
        start("b", replica.port(), "--replicaof", "127.0.0.1 " + proxy.port());
    awaitLink(restarted);
    assertEquals(1, restarted.number("stats", "repl_mismatched_blocks"));
    assertEquals(1, master.number("stats", "sync_full"));
    restarted.call("CONFIG", "SET", "repl-verify-mismatch", "resync");
    restarted.call("CLIENT", "KILL", "TYPE", "master");
    await("the resync", () -> restarted.number("stats", "repl_mismatch_resyncs") == 1);
    awaitSame(master, restarted);
    assertEquals(2, master.number("stats", "sync_full"));
    assertEquals(1, master.number("stats", "repl_mismatched_blocks"));
    proxy.cut();
    await("the last link", () -> master.number("stats", "sync_partial_ok") > partial + 2);
    assertEquals(1, restarted.number("stats", "repl_mismatched_blocks"));
    assertEquals(1, restarted.number("stats", "repl_mismatch_resyncs"));
  }

  /** What the master says of the replica of this id, whoever asks. */
  private static String told(ChronolithProcess master, String nodeId) {
    try (RespClient client = master.connect()) {
      return introduce(client, nodeId);
    }
  }

  private static String introduce(RespClient replica, String nodeId) {
    replica.call("REPLCONF", "chronolith-id", nodeId, "capa", "chronolith-files");
    return (String) replica.call("REPLCONF", "chronolith-verify", Integer.toString(BLOCK));
  }

  /**
   * Has been sent the whole data set, says {@code acknowledgement} if it is not empty, and ends.
   */
  private void fullSync(ChronolithProcess master, String nodeId, String... acknowledgement) {
    try (RespClient replica = master.connect()) {
      introduce(replica, nodeId);
      replica.send("PSYNC", "?", "-1");
      replica.flush();
      awaitOnline(master);
      if (acknowledgement.length > 0) {
        replica.send(acknowledgement);
        replica.flush();
      }
    }
    // Everything that was said is heard by then.
    await("the end", () -> master.info("replication", "connected_slaves").equals("0"));
  }

  @Test
  void shouldTellAReplicaOfTheDifferenceUntilItHasTheDataAndNotOnlyUntilItWasSent() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    String nodeId = "b".repeat(40);
    assertEquals("OK", told(master, nodeId));
    // Little data, so that what is sent fits in the socket's buffers, but more than a block of log.
    int count = BLOCK / 1000 + 5;
    for (int i = 0; i < count; i++) {
      master.call("SET", "key", "v".repeat(1000) + i);
    }
    try (RespClient replica = master.connect()) {
      introduce(replica, nodeId);
      String id = master.info("replication", "master_replid");
      assertTrue(((String) replica.call("PSYNC", id, "1")).startsWith("CONTINUE"));
      for (int received = 0; received < count; ) {
        received += ((List<?>) replica.receive()).get(0).equals("SET") ? 1 : 0;
      }
      String wrong = "\0\1\2\3";
      replica.send("REPLCONF", "ACK", "" + BLOCK, "FACK", "" + BLOCK, "SUMS", "0", wrong);
      replica.flush();
      await("the difference", () -> master.number("stats", "repl_mismatched_blocks") == 1);
    }
    await("the end", () -> master.info("replication", "connected_slaves").equals("0"));
    assertTrue(told(master, nodeId).startsWith("MISMATCH 1 "));

    // It ends before it has loaded what it was sent, and has its old data still.
    fullSync(master, nodeId);
    assertTrue(told(master, nodeId).startsWith("MISMATCH 1 "));
    // What it says while it loads.
    fullSync(master, nodeId, "REPLCONF", "ACK", "0");
    assertTrue(told(master, nodeId).startsWith("MISMATCH 1 "));
    String end = Long.toString(master.offset());
    fullSync(master, nodeId, "REPLCONF", "ACK", end, "FACK", end);
    assertEquals("OK", told(master, nodeId));
  }

  @Test
  void shouldResyncADamagedReplicaAndThoseThatFollowItOnceAndNotForEver() {
    ChronolithProcess master =
        start("a", ChronolithProcess.freePort(), "--repl-verify-mismatch", "resync");
    LinkProxy proxy = proxyOf(master);
    ChronolithProcess middle = startReplica("b", proxy.port());
    ChronolithProcess last = startReplica("c", middle.port());
    write(master, 5 * BLOCK);
    awaitSame(master, middle, last);
    long full = master.number("stats", "sync_full");
    damage(proxy, master, "to-be-damaged");
    await("the resync", () -> middle.number("stats", "repl_mismatch_resyncs") == 1);
    await("that of the last", () -> last.number("stats", "repl_mismatch_resyncs") == 1);
    awaitSame(master, middle, last);
    assertEquals("to-be-damaged", last.call("GET", "key of to-be-damaged"));
    assertEquals(full + 1, master.number("stats", "sync_full"));
    assertEquals(1, master.number("stats", "repl_mismatched_blocks"));

    damage(proxy, master, "to-be-damaged-again");
    await("the master's word", () -> master.number("stats", "repl_mismatched_blocks") == 2);
    await("the replica's word", () -> middle.number("stats", "repl_mismatched_blocks") == 2);
    awaitLink(middle);
    middle.awaitLine("another one would not help");
    write(master, 5 * BLOCK);
    await("equal offsets", () -> master.offset() == middle.offset());
    assertEquals(full + 1, master.number("stats", "sync_full"));
    assertEquals(1, middle.number("stats", "repl_mismatch_resyncs"));
  }

  @Test
  void shouldFindNothingInARandomWalkOfCutsAndRestarts() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int masterPort = ChronolithProcess.freePort();
    int replicaPort = ChronolithProcess.freePort();
    ChronolithProcess master = start("a", masterPort);
    LinkProxy proxy = proxyOf(master);
    String[] follow = {"--replicaof", "127.0.0.1 " + proxy.port()};
    ChronolithProcess replica = start("b", replicaPort, follow);
    long verified = 0;
    for (int step = 0; step < 16; step++) {
      int what = random.nextInt(5);
      if (what == 0) {
        verified += master.number("stats", "repl_verified_blocks");
        if (random.nextBoolean()) {
          master.kill();
        } else {
          master.stop();
        }
        master = start("a", masterPort);
      } else if (what == 1) {
        if (random.nextBoolean()) {
          replica.kill();
        } else {
          replica.stop();
        }
        replica = start("b", replicaPort, follow);
      } else {
        proxy.cutAfter(random.nextInt(30 * BLOCK));
      }
      write(master, random.nextInt(60 * BLOCK));
      assertEquals(0, master.number("stats", "repl_mismatched_blocks"), "seed " + seed);
    }
    proxy.heal();
    awaitSame(master, replica);
    ChronolithProcess last = master;
    long before = last.number("stats", "repl_verified_blocks");
    write(master, 3 * BLOCK);
    await("the last blocks", () -> last.number("stats", "repl_verified_blocks") > before);
    verified += last.number("stats", "repl_verified_blocks");
    assertTrue(verified > 16, "seed " + seed + ": " + verified);
    for (ChronolithProcess node : nodes()) {
      assertFalse(node.output().contains("differs"), "seed " + seed);
    }
    assertEquals(0, replica.number("stats", "repl_mismatched_blocks"));
  }

  @Test
  void shouldGetOverDamageOfWhatIsNoValue() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    LinkProxy proxy = proxyOf(master);
    ChronolithProcess replica = startReplica("b", proxy.port(), "--repl-verify-mismatch", "resync");
    long full = master.number("stats", "sync_full");

    // A command's name, and the sign before a length: nothing of it is applied, and it comes again.
    for (String text : new String[] {"APPEND", "key\r\n$"}) {
      proxy.damage(text);
      master.call("APPEND", "key", "header-here");
      await("the damage", () -> !proxy.isToDamage());
      write(master, BLOCK);
      awaitSame(master, replica);
      assertEquals(full, master.number("stats", "sync_full"), replica::output);
    }
    replica.awaitLine("is no command of this server");

    // A length: the value would take bytes of the next command with it, whose rest is none; they
    // come together, so that neither is applied.
    proxy.damage("key\r\n$6");
    master.call("SET", "key", "length");
    await("the damage", () -> !proxy.isToDamage());
    write(master, BLOCK);
    replica.awaitLine("Receiving inline protocol from master");
    awaitSame(master, replica);
    assertEquals(full, master.number("stats", "sync_full"), replica::output);
  }

  @Test
  void shouldGoOnVerifyingThroughAPromotion() {
    ChronolithProcess old = start("a", ChronolithProcess.freePort());
    ChronolithProcess promoted = startReplica("b", old.port());
    ChronolithProcess last = startReplica("c", promoted.port());
    write(old, 6 * BLOCK + BLOCK / 2);
    awaitSame(old, promoted, last);
    await("the first link's blocks", () -> old.number("stats", "repl_verified_blocks") >= 5);
    await("the second link's blocks", () -> promoted.number("stats", "repl_verified_blocks") >= 5);
    // In the middle of a block, two histories meet in it.
    promoted.call("REPLICAOF", "NO", "ONE");
    old.call("REPLICAOF", "127.0.0.1", Integer.toString(promoted.port()));
    awaitLink(old);
    awaitLink(last);
    long before = promoted.number("stats", "repl_verified_blocks");
    write(promoted, 6 * BLOCK);
    awaitSame(promoted, old, last);
    await(
        "both links' blocks",
        () -> promoted.number("stats", "repl_verified_blocks") >= before + 12);
    for (ChronolithProcess node : nodes()) {
      assertEquals(0, node.number("stats", "repl_mismatched_blocks"));
    }
    assertEquals(1, promoted.number("stats", "sync_full"), "the first of the last one");
  }

  @Test
  void shouldCompareNothingUnlessBothNodesWantIt() {
    ChronolithProcess master = start("a", ChronolithProcess.freePort());
    ChronolithProcess without = startReplica("b", master.port(), "--repl-verify", "no");
    ChronolithProcess with = startReplica("c", without.port());
    write(master, 5 * BLOCK);
    awaitSame(master, without, with);
    with.awaitLine("Master does not understand REPLCONF chronolith-verify: -ERR replicas are");
    assertEquals(0, master.number("stats", "repl_verified_blocks"));
    assertEquals(0, without.number("stats", "repl_verified_blocks"));
    // One of the two is enough.
    without.call("CONFIG", "SET", "repl-verify", "yes");
    with.call("CLIENT", "KILL", "TYPE", "master");
    awaitLink(with);
    write(master, 5 * BLOCK);
    await("verified blocks", () -> without.number("stats", "repl_verified_blocks") >= 4);
  }
}
