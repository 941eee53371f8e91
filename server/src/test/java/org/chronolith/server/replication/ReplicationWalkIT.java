package org.chronolith.server.replication;

import static org.chronolith.server.testing.Await.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.RespClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A random walk of three real nodes under load: killed, stopped, frozen, cut off, promoted,
 * re-attached. At each quiet point all have the same stream and the same data, nothing that all had
 * acknowledged is missing, and nobody has synced fully but at its first contact, or where it had
 * nothing to go back to.
 *
 * <p>{@code -Dchronolith.walk.seconds=N} walks longer, {@code -Dchronolith.walk.seed=S} takes the
 * decisions of an earlier walk again, {@code -Dchronolith.walk.keep=DIR} has the nodes' output
 * written there when it fails.
 */
@Tag("slow")
class ReplicationWalkIT {
  private static final int STEPS_TO_QUIET = 5;
  private static final List<String> POLICIES = List.of("always", "everysec", "no");

  @TempDir Path directory;
  private final long seed = Long.getLong("chronolith.walk.seed", System.nanoTime());
  private final long seconds = Long.getLong("chronolith.walk.seconds", 75);
  private final Random random = new Random(seed);
  private final WalkLoad load = new WalkLoad(seed + 1);
  private final List<WalkNode> nodes = new ArrayList<>();
  private final List<String> steps = new ArrayList<>();

  /** By id and offset: what the data was there. */
  private final Map<String, String> digests = new HashMap<>();

  private WalkNode master;

  /** Followed a promoted node's master, or was it, and has not been told yet. */
  private final List<WalkNode> left = new ArrayList<>();

  @BeforeEach
  void startAll() {
    for (String name : List.of("a", "b", "c")) {
      nodes.add(new WalkNode(name, directory.resolve(name)));
    }
    for (WalkNode node : nodes) {
      nodes.stream().filter(other -> other != node).forEach(node::connectTo);
    }
    master = nodes.get(0);
    for (WalkNode node : nodes) {
      node.parent(node == master ? null : master);
      node.start();
    }
  }

  @AfterEach
  void endAll() {
    nodes.forEach(WalkNode::close);
  }

  @Test
  void shouldNeverResyncTwiceNorDiffer() throws IOException {
    System.out.println("walk: seed " + seed + ", " + seconds + " s");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    int quietPoints = 0;
    try {
      load.writeTo(master.port());
      quiet();
      while (System.nanoTime() < end) {
        int count = 1 + random.nextInt(STEPS_TO_QUIET);
        for (int i = 0; i < count; i++) {
          step();
        }
        quiet();
        quietPoints++;
      }
    } catch (Throwable e) {
      String keep = System.getProperty("chronolith.walk.keep");
      if (keep != null) {
        for (WalkNode node : nodes) {
          node.keepOutput(Path.of(keep, Long.toString(seed)));
        }
      }
      throw new AssertionError(
          "seed " + seed + ": " + e.getMessage() + "\n" + String.join("\n", steps), e);
    }
    int rewinds = nodes.stream().mapToInt(WalkNode::rewinds).sum();
    int fullSyncs = nodes.stream().mapToInt(WalkNode::fullSyncs).sum();
    System.out.println(
        String.format(
            "walk: %d steps, %d quiet points, %d writes, %d waited for by all, %d full syncs,"
                + " %d times back to where histories part",
            steps.size(), quietPoints, load.written(), load.waits(), fullSyncs, rewinds));
    assertTrue(load.written() > 0 && quietPoints > 0, "nothing was done");
  }

  private void note(String text) {
    steps.add(text);
    if (Boolean.getBoolean("chronolith.walk.verbose")) {
      System.out.println(System.currentTimeMillis() + " " + text);
    }
  }

  private void sleep(int mostMs) {
    try {
      TimeUnit.MILLISECONDS.sleep(random.nextInt(mostMs));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private WalkNode someReplica() {
    List<WalkNode> replicas = nodes.stream().filter(node -> node != master).toList();
    return replicas.get(random.nextInt(replicas.size()));
  }

  private void step() {
    WalkNode replica = someReplica();
    int choice = random.nextInt(18);
    int detail = random.nextInt(1 << 20);
    switch (choice) {
      case 0 -> downOrUp(replica, true);
      case 1 -> downOrUp(replica, false);
      case 2, 3 -> restartMaster(detail);
      case 4 -> freezeAndThaw(replica, detail);
      case 5 -> freezeAndThaw(master, detail);
      case 6, 7, 8 -> promote(replica, detail);
      case 9 -> chain(replica, detail);
      case 10 -> failover(replica, detail);
      case 11, 12, 13 -> disturb(replica, detail);
      case 14, 15 -> save(nodes.get(detail % 3));
      case 16 -> fsync(nodes.get(detail % 3), POLICIES.get(detail / 3 % 3));
      default -> attachOne();
    }
    sleep(900);
    nodes.forEach(WalkNode::look);
  }

  private void downOrUp(WalkNode replica, boolean kill) {
    if (!replica.isUp()) {
      note("start " + replica);
      replica.start();
    } else {
      note((kill ? "kill " : "stop ") + replica);
      if (kill) {
        replica.kill();
      } else {
        replica.stop();
      }
    }
  }

  private void restartMaster(int detail) {
    boolean kill = detail % 3 != 0;
    int times = 1 + detail / 3 % 2;
    for (int i = 0; i < times; i++) {
      note((kill ? "kill" : "stop") + " the master " + master + " and start it");
      if (kill) {
        master.kill();
      } else {
        master.stop();
      }
      load.pause();
      master.start();
      load.writeTo(master.port());
      sleep(600);
    }
  }

  private void freezeAndThaw(WalkNode node, int detail) {
    if (!node.isUp()) {
      return;
    }
    note("freeze " + node);
    node.freeze();
    sleep(200 + detail % 2500);
    node.thaw();
  }

  /** Another one takes over; the old master may go on with writes that nobody else has. */
  private void promote(WalkNode replica, int detail) {
    if (!replica.isUp() || left.contains(replica)) {
      return;
    }
    WalkNode old = master;
    boolean lossy = detail % 2 == 0;
    boolean frozen = detail / 2 % 4 == 0;
    note("promote " + replica + (lossy ? ", cut off before" : "") + (frozen ? ", old frozen" : ""));
    if (lossy) {
      replica.way().refuse(true);
      sleep(700);
    }
    if (frozen) {
      old.freeze();
    }
    replica.parent(null);
    replica.tellRole();
    sleep(700);
    if (frozen) {
      old.thaw();
    }
    load.pause();
    replica.heal();
    master = replica;
    left.clear();
    nodes.stream().filter(node -> node != master).forEach(left::add);
    load.writeTo(master.port());
    switch (detail / 8 % 4) {
      case 0 -> {
        note("the old master " + old + " saves and stops");
        save(old);
        old.stop();
      }
      case 1 -> {
        note("the old master " + old + " is killed");
        old.kill();
      }
      case 2 -> {
        note("the old master " + old + " is killed, and starts as one");
        old.kill();
        old.start();
        old.call("SET", "own", "write");
      }
      default -> sleep(300);
    }
    if (detail / 32 % 2 == 0) {
      attachOne();
    }
  }

  /** Tells one of those that a promotion has left behind. */
  private void attachOne() {
    if (left.isEmpty()) {
      return;
    }
    WalkNode node = left.remove(random.nextInt(left.size()));
    attach(node, master);
  }

  private void attach(WalkNode node, WalkNode to) {
    note("attach " + node + " to " + to + (node.isUp() ? "" : ", starting it"));
    node.look();
    node.parent(to);
    if (node.isUp()) {
      node.tellRole();
    } else {
      node.start();
    }
  }

  private void chain(WalkNode replica, int detail) {
    if (!left.isEmpty()) {
      return;
    }
    WalkNode other =
        nodes.stream().filter(node -> node != master && node != replica).findFirst().orElseThrow();
    boolean below = detail % 3 != 0 && other.parent() == master;
    attach(replica, below ? other : master);
  }

  private void failover(WalkNode replica, int detail) {
    if (!left.isEmpty() || !replica.isUp() || replica.parent() != master) {
      return;
    }
    replica.heal();
    await("the link of " + replica, replica::isLinkUp);
    WalkNode old = master;
    String online = "port=" + replica.port() + ",state=online";
    await(
        "its master to know it", () -> ((String) old.call("INFO", "replication")).contains(online));
    note("failover to " + replica);
    old.call("FAILOVER", "TO", "127.0.0.1", Integer.toString(replica.port()), "TIMEOUT", "20000");
    await(
        "the end of the failover",
        () -> old.info("replication", "master_failover_state").equals("no-failover"));
    if (old.info("replication", "role").equals("master")) {
      note("the failover was given up");
      return;
    }
    load.pause();
    old.parent(replica);
    replica.parent(null);
    master = replica;
    load.writeTo(master.port());
  }

  private void disturb(WalkNode replica, int detail) {
    if (replica.parent() == null) {
      return;
    }
    switch (detail % 4) {
      case 0 -> {
        note("cut the link of " + replica);
        replica.way().cut();
      }
      case 1 -> {
        note("cut the link of " + replica + " after " + detail / 4 + " bytes");
        replica.way().cutAfter(detail / 4);
      }
      case 2 -> {
        note("slow link of " + replica);
        replica.way().slow(2_000 + detail / 4);
      }
      default -> {
        note("no link of " + replica);
        replica.way().refuse(true);
      }
    }
  }

  private void save(WalkNode node) {
    if (!node.isUp() || node.isFrozen()) {
      return;
    }
    note("save " + node);
    try {
      node.call("BGSAVE");
    } catch (RespClient.ErrorReply e) {
      assertTrue(e.getMessage().contains("in progress"), e.getMessage());
    }
  }

  private void fsync(WalkNode node, String policy) {
    if (node.isUp()) {
      note("appendfsync " + policy + " of " + node);
      node.call("CONFIG", "SET", "appendfsync", policy);
    }
  }

  /** All up and attached, no writes: then they are compared. */
  private void quiet() {
    note("quiet");
    load.pause();
    nodes.forEach(WalkNode::heal);
    while (!left.isEmpty()) {
      attachOne();
    }
    for (WalkNode node : nodes) {
      if (!node.isUp()) {
        node.start();
      }
    }
    for (WalkNode node : nodes) {
      if (node != master) {
        await("the link of " + node, node::isLinkUp);
      }
    }
    await("one state, at one offset", this::areSame);
    for (WalkNode node : nodes) {
      assertEquals(master.id(), node.id(), "id of " + node);
      String unexpected = node.unexpectedFullSync();
      assertTrue(unexpected == null, unexpected);
      checkWaitedFor(node);
      assertEquals("0", node.info("stats", "repl_mismatched_blocks"), node + " differs");
    }
    load.writeTo(master.port());
  }

  /** Nobody writes, but keys expire, and pings pass: so the offsets frame the digests. */
  private boolean areSame() {
    long offset = master.offset();
    for (WalkNode node : nodes) {
      if (node.offset() != offset) {
        return false;
      }
    }
    List<String> found = nodes.stream().map(WalkNode::digest).distinct().toList();
    boolean moved = nodes.stream().anyMatch(node -> node.offset() != offset);
    if (moved || found.size() > 1) {
      return false;
    }
    String before = digests.put(master.id() + ":" + offset, found.get(0));
    assertTrue(before == null || before.equals(found.get(0)), "two histories under one id");
    return true;
  }

  private void checkWaitedFor(WalkNode node) {
    try (RespClient client = new RespClient(node.port())) {
      load.waitedFor()
          .forEach((key, value) -> assertEquals(value, client.call("GET", key), node + ": " + key));
    }
  }
}
