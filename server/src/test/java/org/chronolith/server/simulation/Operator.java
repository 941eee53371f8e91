package org.chronolith.server.simulation;

import java.util.SplittableRandom;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;

/**
 * Who decides which node is the master. One who takes care cuts the old master off from the others
 * before a promotion and promotes the node that has most, so that what is on two disks of three
 * stays. One who does not promotes any node, at any time.
 */
final class Operator {
  private static final long SERVES_WITHIN_MS = 20_000;
  private static final long ANSWER_WITHIN_MS = 20_000;

  private final World world;
  private final SplittableRandom random;
  private final Load load;
  private final boolean careful;

  /** The history that was written to last, as far as it was seen. */
  private History led;

  /** Kept away from the others until they follow the new master. */
  private final boolean[] fenced = new boolean[World.NODES];

  private int master;

  Operator(World world, SplittableRandom random, boolean careful) {
    this.world = world;
    this.random = random;
    this.careful = careful;
    load = new Load(world, random, this::writtenTo);
  }

  Load load() {
    return load;
  }

  boolean isCareful() {
    return careful;
  }

  int master() {
    return master;
  }

  boolean isFenced(int number) {
    return fenced[number];
  }

  private int writtenTo() {
    return !careful && random.nextInt(3) == 0 ? random.nextInt(World.NODES) : master;
  }

  private Node node(int number) {
    return world.nodes[number];
  }

  /** Node 0 is the master, and the others follow it. */
  void begin() {
    node(0).start();
    for (int i = 1; i < World.NODES; i++) {
      node(i).master(0);
      node(i).start();
    }
    for (Node node : world.nodes) {
      world.must(SERVES_WITHIN_MS, node.name() + " serves", node::isReady);
    }
    lookAtMaster();
  }

  /** It takes another id when it is promoted, and when it has come back from a crash. */
  private void lookAtMaster() {
    Node node = node(master);
    if (node.isReady() && !node.process().replication().isReplica()) {
      led = node.log().history();
    }
  }

  /** Starts a process, if there is none, and waits until it serves. */
  void start(Node node) {
    if (!node.isRunning()) {
      world.trace("start " + node.name() + (node.master() < 0 ? "" : " after n" + node.master()));
      node.start();
      world.must(SERVES_WITHIN_MS, node.name() + " serves", node::isReady);
      world.trace("started " + node);
      if (node.number == master) {
        lookAtMaster();
      }
    }
  }

  /** All run, reach each other, and are to follow the master. */
  void gather() {
    for (Node node : world.nodes) {
      start(node);
    }
    for (int i = 0; i < World.NODES; i++) {
      if (i != master) {
        fenced[i] = fenced[i] || node(i).master() < 0;
      }
    }
    if (node(master).process().replication().isReplica()) {
      promote(master);
    }
    for (Node node : world.nodes) {
      if (node.number != master) {
        String answer = replicaOf(node, master);
        world.trace(node.name() + " is to follow n" + master + ": " + answer);
      }
      unfence(node.number);
    }
    for (Node node : world.nodes) {
      unfence(node.number);
    }
  }

  /** Another master, while the old one may be anything. */
  void failOver() {
    if (careful) {
      lookAtMaster();
      fence(master);
      for (int i = 0; i < World.NODES; i++) {
        if (i != master) {
          node(i).freeze(false);
          start(node(i));
        }
      }
      int best = -1;
      for (int i = 0; i < World.NODES; i++) {
        if (i != master && (best < 0 || isAhead(node(i), node(best)))) {
          best = i;
        }
      }
      promote(best);
      return;
    }
    int next = (master + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    if (node(next).isReady() && !node(next).isFrozen()) {
      promote(next);
    }
  }

  private boolean isAhead(Node one, Node other) {
    long sharedByOne = shared(one.log());
    long sharedByOther = shared(other.log());
    return sharedByOne != sharedByOther
        ? sharedByOne > sharedByOther
        : one.log().endOffset() > other.log().endOffset();
  }

  /**
   * Up to which offset a log has the stream that was written to last. Its end alone says nothing:
   * it may have gone on with what that one has left behind.
   */
  private long shared(ReplicationLog log) {
    long shared = shared(log, led.currentId(), Long.MAX_VALUE);
    for (History.Ancestor ancestor : led.lineage()) {
      shared = Math.max(shared, shared(log, ancestor.id(), ancestor.validTo()));
    }
    return shared;
  }

  private static long shared(ReplicationLog log, String id, long validTo) {
    return Math.min(validTo, Math.min(log.history().validTo(id), log.endOffset()));
  }

  void fence(int number) {
    fenced[number] = true;
    for (int i = 0; i < World.NODES; i++) {
      if (i != number) {
        world.wires.block(number, i, false);
      }
    }
  }

  void promote(int number) {
    world.trace("promote " + node(number));
    String answer = ask(load.client(number), 20_000, "REPLICAOF", "NO", "ONE");
    if (!answer.equals("OK")) {
      world.trace("not promoted: " + answer);
      if (careful) {
        unfence(master);
      }
      return;
    }
    // It may take effect when a full sync that has come too far is adopted.
    Node next = node(number);
    world.must(
        20_000,
        next.name() + " is a master",
        () -> next.isReady() && !next.process().replication().isReplica());
    int old = master;
    next.master(-1);
    master = number;
    lookAtMaster();
    if (fenced[number]) {
      unfence(number);
    }
    for (int i = 0; i < World.NODES; i++) {
      if (i != number && i != old) {
        follow(node(i), number);
      }
    }
  }

  void unfence(int number) {
    fenced[number] = false;
    for (int i = 0; i < World.NODES; i++) {
      if (i != number && !fenced[i]) {
        world.wires.unblock(number, i);
      }
    }
  }

  void follow(Node node, int number) {
    if (!node.isReady() || node.isFrozen()) {
      return;
    }
    world.trace(node.name() + " is to follow n" + number);
    String answer = replicaOf(node, number);
    if (answer.equals("OK") || answer.startsWith("OK ")) {
      node.master(number);
      if (fenced[node.number]) {
        unfence(node.number);
      }
    } else {
      world.trace(node.name() + " does not: " + answer);
    }
  }

  private String replicaOf(Node node, int number) {
    return ask(load.client(node.number), 20_000, "REPLICAOF", "127.0.0.1", "" + Node.port(number));
  }

  /** The reply to a command, which must come within that time; empty if it is null. */
  private String ask(SimulatedClient of, long ms, String... words) {
    String[] answer = {null};
    of.send(reply -> answer[0] = reply == null ? "" : reply, words);
    world.must(ms, String.join(" ", words) + " is answered", () -> answer[0] != null);
    return answer[0];
  }

  /** Those that are no masters any more and do not know it yet learn it, some time. */
  void demote() {
    for (Node node : world.nodes) {
      boolean isWrong = node.number != master && node.isReady() && node.master() < 0;
      if (isWrong && !node.isFrozen() && random.nextInt(3) > 0) {
        follow(node, master);
      }
    }
  }

  /** The master hands over by itself. */
  void handOver() {
    Node old = node(master);
    if (!old.isReady() || old.isFrozen() || fenced[master]) {
      return;
    }
    int next = (master + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    world.trace("FAILOVER from " + old + " to " + node(next));
    String[] failover = {"FAILOVER", "TO", "127.0.0.1", "" + Node.port(next), "TIMEOUT", "3000"};
    String answer = ask(load.client(master), 10_000, failover);
    world.runFor(8_000);
    boolean oldIsReplica = old.isReady() && old.process().replication().isReplica();
    boolean nextIsMaster = node(next).isReady() && !node(next).process().replication().isReplica();
    world.trace("FAILOVER: " + answer + "; " + old + "; " + node(next));
    if (oldIsReplica) {
      old.master(next);
    }
    if (nextIsMaster && node(next).master() >= 0) {
      node(next).master(-1);
      master = next;
      lookAtMaster();
      for (Node node : world.nodes) {
        if (node.number != next && node != old) {
          follow(node, next);
        }
      }
    }
  }

  /** One replica follows the other, or the master again. */
  void chain() {
    int first = (master + 1) % World.NODES;
    int second = (master + 2) % World.NODES;
    if (random.nextBoolean()) {
      follow(node(first), master);
      follow(node(second), first);
    } else {
      follow(node(second), master);
      follow(node(first), master);
    }
  }
}
