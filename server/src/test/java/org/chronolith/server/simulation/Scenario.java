package org.chronolith.server.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

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
  private static final long AGREE_WITHIN_MS = 120_000;

  /** So many times the log's retention is kept for a replica that is remembered. */
  private static final int SLOTS_FACTOR = 4;

  private final long seed;
  private final SplittableRandom random;
  private final World world;
  private final Operator operator;

  private Scenario(long seed, Path directory, Consumer<String> trace, Journal journal) {
    this.seed = seed;
    random = new SplittableRandom(seed);
    boolean careful = random.nextInt(3) > 0;
    long retentionBytes = random.nextInt(3) == 0 ? 16_384 : 64 << 20;
    boolean shortLog = random.nextInt(3) == 0;
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
                "" + retentionBytes,
                "--repl-log-retention-age",
                shortLog ? "" + (2 + random.nextInt(10)) : "0",
                "--repl-slots-retention-factor",
                "" + SLOTS_FACTOR,
                "--snapshot-trigger-log-bytes",
                random.nextBoolean() ? "8192" : "64mb",
                "--repl-send-durable-only",
                random.nextInt(3) == 0 ? "yes" : "no",
                "--enable-debug-command",
                "yes",
                "--replica-announce-ip",
                "127.0.0.1"));
    world =
        new World(
            "world-" + seed,
            random.split(),
            directory,
            directives,
            SLOTS_FACTOR * retentionBytes,
            trace,
            journal);
    operator = new Operator(world, random, careful);
    world.trace("seed " + seed + (careful ? ", careful, " : ", careless, ") + directives);
  }

  /**
   * @param trace told of all that happens
   * @throws AssertionError if a rule is broken
   */
  static void run(long seed, Path directory, Consumer<String> trace, Journal journal) {
    Scenario scenario = new Scenario(seed, directory, trace, journal);
    try {
      scenario.run();
    } catch (AssertionError | RuntimeException e) {
      String what = String.format("seed %d (journal %016x): ", seed, journal.hash());
      throw new AssertionError(what + e.getMessage(), e);
    } finally {
      scenario.world.close();
    }
  }

  private Node node(int number) {
    return world.nodes[number];
  }

  private void run() {
    operator.begin();
    operator.load().start();
    int actions = 4 + random.nextInt(12);
    for (int i = 0; i < actions; i++) {
      world.runFor(random.nextInt(random.nextInt(3) == 0 ? 8_000 : 800));
      act();
    }
    agree();
  }

  // What happens.

  private void act() {
    Node one = node(random.nextInt(World.NODES));
    int other = (one.number + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    switch (random.nextInt(15)) {
      case 0, 1 -> {
        world.trace("cut between " + one.name() + " and n" + other);
        world.wires.cut(one.number, other);
      }
      case 2 -> standStill(one.number, other);
      case 3, 4 -> {
        if (one.isRunning() && !one.isStopping()) {
          end(one, false);
        } else {
          operator.start(one);
        }
      }
      case 5 -> {
        if (one.isRunning() && !one.isStopping()) {
          end(one, true);
        } else {
          operator.start(one);
        }
      }
      case 6 -> stop(one);
      case 7 -> freeze(one);
      case 8, 9 -> operator.failOver();
      case 10 -> operator.handOver();
      case 11 -> snapshot(one);
      case 12 -> blackout();
      case 13 -> lowerHistories();
      default -> operator.chain();
    }
    for (Node node : world.nodes) {
      if (!node.isRunning() && random.nextBoolean()) {
        operator.start(node);
      }
    }
    operator.demote();
  }

  private void snapshot(Node node) {
    if (node.isReady() && !node.isFrozen()) {
      world.trace("snapshot on " + node.name());
      operator.load().client(node.number).send(reply -> {}, "BGSAVE");
      if (random.nextInt(3) == 0) {
        // While it is made, or just after.
        world.runFor(random.nextInt(60));
        end(node, true);
      }
    }
  }

  /**
   * Power fails on two machines or on all, just when somebody has been told that it would not
   * matter; what comes back first has to do.
   */
  private void blackout() {
    operator.load().awaitConfirmed(3_000);
    int spared = operator.isCareful() || random.nextBoolean() ? operator.master() : -1;
    if (spared >= 0) {
      operator.fence(spared);
    }
    for (Node node : world.nodes) {
      if (node.number != spared && !node.isStopping()) {
        end(node, true);
      }
    }
    if (spared >= 0) {
      operator.failOver();
    }
  }

  /**
   * A replica that is behind becomes the master, while the old one has gone on, been killed and
   * gone on again, and the third has seen some of that, and is to follow the old one.
   */
  private void lowerHistories() {
    if (operator.isCareful()) {
      return;
    }
    Node old = node(operator.master());
    int behind = (old.number + 1 + random.nextInt(World.NODES - 1)) % World.NODES;
    int third = World.NODES - old.number - behind;
    world.trace("n" + behind + " stays behind");
    world.wires.block(old.number, behind, random.nextBoolean());
    world.runFor(random.nextInt(3_000));
    world.wires.block(old.number, third, random.nextBoolean());
    world.runFor(random.nextInt(3_000));
    for (int i = random.nextInt(3); i >= 0; i--) {
      end(old, random.nextInt(3) == 0);
      operator.start(old);
      world.runFor(random.nextInt(1_000));
    }
    world.wires.unblock(old.number, behind);
    world.wires.unblock(old.number, third);
    operator.promote(behind);
    operator.follow(old, behind);
    operator.follow(node(third), old.number);
    world.runFor(random.nextInt(5_000));
  }

  private void standStill(int one, int other) {
    if (operator.isFenced(one) || operator.isFenced(other)) {
      return;
    }
    boolean silently = random.nextBoolean();
    world.trace("nothing passes between n" + one + " and n" + other);
    world.wires.block(one, other, silently);
    world.runFor(random.nextInt(25_000));
    if (!operator.isFenced(one) && !operator.isFenced(other)) {
      world.wires.unblock(one, other);
      world.trace("it passes again between n" + one + " and n" + other);
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
      world.must(30_000, node.name() + " stops", () -> !node.isRunning());
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

  // The end.

  private void agree() {
    world.trace("everything works from now on\n" + world.describe());
    for (Node node : world.nodes) {
      node.freeze(false);
    }
    world.runFor(500);
    operator.load().stop();
    operator.gather();
    Node last = node(operator.master());
    // Until then what was written with a time to live has expired.
    world.runFor(Load.LONGEST_LIFE_MS);
    long offset = last.log().endOffset();
    world.must(AGREE_WITHIN_MS, "all agree", () -> isAgreed(offset));
    world.look();
    if (operator.isCareful()) {
      operator.load().checkWaitedFor(operator.master());
    }
    world.trace("all agree, " + world.fullSyncs() + " full syncs\n" + world.describe());
  }

  /** Whether all have what the master had, and the same data. Pings may be on their way. */
  private boolean isAgreed(long offset) {
    Node last = node(operator.master());
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
}
