package org.chronolith.server.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.chronolith.replicationlog.History;

/**
 * A life of three nodes, from a seed: a master and two replicas under writes; links are cut and
 * stand still, processes are killed, stopped and frozen, machines lose power, roles change, by an
 * operator who takes care or by one who does not. At the end everything works again, and must come
 * to agree.
 *
 * <p>Of a careful operator nothing is lost that was waited for: before a promotion the old master
 * is cut off from the others, and the one that has most is promoted, so that what is on two disks
 * of three stays.
 */
final class Scenario {
  private static final String[] POLICIES = {"always", "everysec", "no"};
  private static final int KEYS = 12;
  private static final long AGREE_WITHIN_MS = 120_000;
  private static final long LONGEST_LIFE_MS = 5_000;

  private final long seed;
  private final SplittableRandom random;
  private final World world;
  private final boolean careful;
  private final SimulatedClient[] clients = new SimulatedClient[World.NODES];

  /** Promotions, in the order in which they were made, by the ids that began with them. */
  private final Map<String, Integer> epochs = new HashMap<>();

  /** Numbers of writes that were waited for, by key. */
  private final Map<String, Long> waitedFor = new HashMap<>();

  /** Kept away from the others until they follow the new master. */
  private final boolean[] fenced = new boolean[World.NODES];

  private int master;
  private int epoch;
  private long writes;
  private boolean writing;

  private Scenario(long seed, Path directory, Consumer<String> trace) {
    this.seed = seed;
    random = new SplittableRandom(seed);
    careful = random.nextInt(3) > 0;
    boolean smallLog = random.nextInt(3) == 0;
    List<String> directives =
        new ArrayList<>(
            List.of(
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--databases",
                "4",
                "--hz",
                "2",
                "--appendfsync",
                POLICIES[random.nextInt(POLICIES.length)],
                "--repl-timeout",
                "" + (4 + random.nextInt(8)),
                "--repl-ping-replica-period",
                "" + (1 + random.nextInt(4)),
                "--log-segment-bytes",
                "4mb",
                "--log-headroom-bytes",
                "4mb",
                "--log-min-free-bytes",
                "1mb",
                "--log-scrub-bytes-per-second",
                "0",
                "--repl-backlog-size",
                "16384",
                "--repl-log-retention-bytes",
                smallLog ? "16384" : "64mb",
                "--snapshot-trigger-log-bytes",
                random.nextBoolean() ? "8192" : "64mb",
                "--repl-send-durable-only",
                random.nextInt(3) == 0 ? "yes" : "no",
                "--enable-debug-command",
                "yes",
                "--replica-announce-ip",
                "127.0.0.1"));
    world = new World("world-" + seed, random.split(), directory, directives, trace);
    world.trace("seed " + seed + (careful ? ", careful, " : ", careless, ") + directives);
  }

  /**
   * @param trace told of all that happens
   * @throws AssertionError if a rule is broken
   */
  static void run(long seed, Path directory, Consumer<String> trace) {
    Scenario scenario = new Scenario(seed, directory, trace);
    try {
      scenario.run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    } finally {
      scenario.world.close();
    }
  }

  private Node node(int number) {
    return world.nodes[number];
  }

  private void run() {
    node(0).start();
    for (int i = 1; i < World.NODES; i++) {
      node(i).master(0);
      node(i).start();
    }
    must(10_000, "all serve", () -> Arrays.stream(world.nodes).allMatch(Node::isReady));
    epochs.put(node(0).log().history().currentId(), 0);
    writing = true;
    write();
    int actions = 4 + random.nextInt(12);
    for (int i = 0; i < actions; i++) {
      world.runFor(random.nextInt(random.nextInt(3) == 0 ? 8_000 : 800));
      act();
    }
    agree();
  }

  private void must(long ms, String what, java.util.function.BooleanSupplier condition) {
    if (!world.runUntil(ms, condition)) {
      throw new AssertionError("not within " + ms + " ms: " + what + "\n" + world.describe());
    }
  }

  // Writes.

  private void write() {
    if (!writing) {
      return;
    }
    int burst = random.nextInt(10) == 0 ? 20 : 1;
    for (int i = 0; i < burst; i++) {
      int target = master;
      if (!careful && random.nextInt(3) == 0) {
        target = random.nextInt(World.NODES);
      }
      if (node(target).isReady() && !node(target).isFrozen()) {
        if (random.nextInt(12) == 0) {
          writeAndWait(target);
        } else {
          client(target).send(reply -> {}, command());
        }
      }
    }
    world.time.after(1_000_000L * (1 + random.nextInt(120)), this::write);
  }

  private SimulatedClient client(int target) {
    if (clients[target] == null || clients[target].isClosed()) {
      clients[target] = SimulatedClient.of(world.wires, target);
    }
    return clients[target];
  }

  private String[] command() {
    String key = "key:" + random.nextInt(KEYS);
    String number = Long.toString(writes++);
    return switch (random.nextInt(14)) {
      case 0 -> new String[] {"DEL", key, "hash:" + random.nextInt(KEYS)};
      case 1 -> new String[] {"SELECT", "" + random.nextInt(4)};
      case 2 -> new String[] {"HSET", "hash:" + random.nextInt(4), "f" + random.nextInt(9), number};
      case 3 -> new String[] {"RPUSH", "list:" + random.nextInt(2), number};
      case 4 -> new String[] {"LPOP", "list:" + random.nextInt(2), "2"};
      case 5 -> new String[] {"ZADD", "zset:" + random.nextInt(4), number, "m" + random.nextInt(9)};
      case 6 ->
          new String[] {"SET", key, number, "PX", "" + (1 + random.nextInt((int) LONGEST_LIFE_MS))};
      case 7 -> new String[] {"SADD", "set:" + random.nextInt(4), "m" + random.nextInt(30)};
      case 8 -> new String[] {"SET", key, "x".repeat(random.nextInt(2_000)) + number};
      default -> new String[] {"SET", key, number};
    };
  }

  /** What is on two disks of three stays, if the operator takes care. */
  private void writeAndWait(int target) {
    SimulatedClient own = SimulatedClient.of(world.wires, target);
    String key = "waited:" + random.nextInt(4);
    long number = writes++;
    own.send(reply -> {}, "SET", key, Long.toString(number));
    own.send(
        reply -> {
          if (reply != null && reply.matches("1 [12]")) {
            waitedFor.merge(key, number, Math::max);
          }
          own.close();
        },
        "WAITAOF",
        "1",
        "1",
        "3000");
  }

  // What happens.

  private void act() {
    Node one = node(random.nextInt(World.NODES));
    int other = (one.number + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    switch (random.nextInt(13)) {
      case 0, 1 -> {
        world.trace("cut between " + one.name() + " and n" + other);
        world.wires.cut(one.number, other);
      }
      case 2 -> standStill(one.number, other);
      case 3, 4 -> {
        if (one.isRunning() && !one.isStopping()) {
          end(one, false);
        } else {
          start(one);
        }
      }
      case 5 -> {
        if (one.isRunning() && !one.isStopping()) {
          end(one, true);
        } else {
          start(one);
        }
      }
      case 6 -> stop(one);
      case 7 -> freeze(one);
      case 8, 9 -> failOver();
      case 10 -> handOver();
      case 11 -> {
        if (one.isReady() && !one.isFrozen()) {
          world.trace("snapshot on " + one.name());
          client(one.number).send(reply -> {}, "BGSAVE");
        }
      }
      default -> chain();
    }
    for (Node node : world.nodes) {
      if (!node.isRunning() && random.nextBoolean()) {
        start(node);
      }
    }
    demote();
  }

  private void standStill(int one, int other) {
    if (fenced[one] || fenced[other]) {
      return;
    }
    boolean silently = random.nextBoolean();
    world.trace("nothing passes between n" + one + " and n" + other);
    world.wires.block(one, other, silently);
    world.runFor(random.nextInt(25_000));
    if (!fenced[one] && !fenced[other]) {
      world.wires.unblock(one, other);
      world.trace("it passes again between n" + one + " and n" + other);
    }
  }

  private void start(Node node) {
    if (!node.isRunning()) {
      world.trace("start " + node.name() + (node.master() < 0 ? "" : " after n" + node.master()));
      node.start();
      must(20_000, node.name() + " serves", node::isReady);
      world.trace("started " + node);
    }
  }

  private void end(Node node, boolean power) {
    if (node.isRunning()) {
      world.trace((power ? "power fails on " : "kill ") + node);
      world.wires.died(node.number, power);
      if (power) {
        node.losePower();
      } else {
        node.kill();
      }
    }
  }

  private void stop(Node node) {
    if (node.isReady() && !node.isFrozen()) {
      world.trace("stop " + node);
      node.stop();
      must(30_000, node.name() + " stops", () -> !node.isRunning());
    }
  }

  private void freeze(Node node) {
    if (node.isReady() && !node.isStopping()) {
      world.trace("freeze " + node.name());
      node.freeze(true);
      world.runFor(random.nextInt(20_000));
      node.freeze(false);
      world.trace(node.name() + " goes on");
    }
  }

  /** Another master, while the old one may be anything. */
  private void failOver() {
    if (careful) {
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
    int epochOne = epochOf(one.log().history());
    int epochOther = epochOf(other.log().history());
    return epochOne != epochOther
        ? epochOne > epochOther
        : one.log().endOffset() > other.log().endOffset();
  }

  private int epochOf(History history) {
    if (epochs.containsKey(history.currentId())) {
      return epochs.get(history.currentId());
    }
    for (History.Ancestor ancestor : history.lineage()) {
      if (epochs.containsKey(ancestor.id())) {
        return epochs.get(ancestor.id());
      }
    }
    return -1;
  }

  private void fence(int number) {
    fenced[number] = true;
    for (int i = 0; i < World.NODES; i++) {
      if (i != number) {
        world.wires.block(number, i, false);
      }
    }
  }

  private void promote(int number) {
    world.trace("promote " + node(number));
    String answer = ask(client(number), 20_000, "REPLICAOF", "NO", "ONE");
    if (!answer.equals("OK")) {
      world.trace("not promoted: " + answer);
      if (careful) {
        unfence(master);
      }
      return;
    }
    // It may take effect when a full sync that has come too far is adopted.
    Node next = node(number);
    must(
        20_000,
        next.name() + " is a master",
        () -> next.isReady() && !next.process().replication().isReplica());
    int old = master;
    next.master(-1);
    master = number;
    epoch++;
    epochs.put(next.log().history().currentId(), epoch);
    if (fenced[number]) {
      unfence(number);
    }
    for (int i = 0; i < World.NODES; i++) {
      if (i != number && i != old) {
        follow(node(i), number);
      }
    }
  }

  private void unfence(int number) {
    fenced[number] = false;
    for (int i = 0; i < World.NODES; i++) {
      if (i != number && !fenced[i]) {
        world.wires.unblock(number, i);
      }
    }
  }

  private void follow(Node node, int number) {
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
    return ask(client(node.number), 20_000, "REPLICAOF", "127.0.0.1", "" + Node.port(number));
  }

  /** The reply to a command, which must come within that time; empty if it is null. */
  private String ask(SimulatedClient of, long ms, String... words) {
    String[] answer = {null};
    of.send(reply -> answer[0] = reply == null ? "" : reply, words);
    must(ms, String.join(" ", words) + " is answered", () -> answer[0] != null);
    return answer[0];
  }

  /** Those that are no masters any more and do not know it yet learn it, some time. */
  private void demote() {
    for (Node node : world.nodes) {
      boolean isWrong = node.number != master && node.isReady() && node.master() < 0;
      if (isWrong && !node.isFrozen() && random.nextInt(3) > 0) {
        follow(node, master);
      }
    }
  }

  /** The master hands over by itself. */
  private void handOver() {
    Node old = node(master);
    if (!old.isReady() || old.isFrozen() || fenced[master]) {
      return;
    }
    int next = (master + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    world.trace("FAILOVER from " + old + " to " + node(next));
    String[] failover = {"FAILOVER", "TO", "127.0.0.1", "" + Node.port(next), "TIMEOUT", "3000"};
    String answer = ask(client(master), 10_000, failover);
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
      epoch++;
      epochs.put(node(next).log().history().currentId(), epoch);
      for (Node node : world.nodes) {
        if (node.number != next && node != old) {
          follow(node, next);
        }
      }
    }
  }

  /** One replica follows the other, or the master again. */
  private void chain() {
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

  // The end.

  private void agree() {
    world.trace("everything works from now on\n" + world.describe());
    for (Node node : world.nodes) {
      node.freeze(false);
    }
    world.runFor(500);
    writing = false;
    for (Node node : world.nodes) {
      start(node);
    }
    for (int i = 0; i < World.NODES; i++) {
      if (i != master) {
        fenced[i] = fenced[i] || node(i).master() < 0;
      }
    }
    Node last = node(master);
    if (last.process().replication().isReplica()) {
      promote(master);
    }
    for (Node node : world.nodes) {
      if (node != last) {
        String answer = replicaOf(node, master);
        world.trace(node.name() + " is to follow n" + master + ": " + answer);
      }
      unfence(node.number);
    }
    for (Node node : world.nodes) {
      unfence(node.number);
    }
    // Until then what was written with a time to live has expired.
    world.runFor(LONGEST_LIFE_MS);
    long offset = last.log().endOffset();
    must(AGREE_WITHIN_MS, "all agree", () -> isAgreed(offset));
    world.look();
    if (careful) {
      checkWaitedFor();
    }
    world.trace("all agree, " + world.fullSyncs() + " full syncs\n" + world.describe());
  }

  /** Whether all have what the master had, and the same data. Pings may be on their way. */
  private boolean isAgreed(long offset) {
    Node last = node(master);
    if (!last.isReady()) {
      return false;
    }
    String id = last.log().history().currentId();
    for (Node node : world.nodes) {
      if (!node.isReady()
          || node.log().endOffset() < offset
          || !node.log().history().currentId().equals(id)
          || (node != last && !node.process().replication().linkUp())) {
        return false;
      }
    }
    byte[] digest = last.process().digest();
    return Arrays.stream(world.nodes)
        .allMatch(node -> Arrays.equals(digest, node.process().digest()));
  }

  private void checkWaitedFor() {
    for (Map.Entry<String, Long> waited : waitedFor.entrySet()) {
      String[] found = {null};
      SimulatedClient reader = SimulatedClient.of(world.wires, master);
      reader.send(reply -> found[0] = reply == null ? "-1" : reply, "GET", waited.getKey());
      must(5_000, "a read is answered", () -> found[0] != null);
      reader.close();
      if (Long.parseLong(found[0]) < waited.getValue()) {
        throw new AssertionError(
            waited.getKey()
                + " is "
                + found[0]
                + ", but "
                + waited.getValue()
                + " was waited for until it was on two disks\n"
                + world.describe());
      }
    }
  }
}
