package org.chronolith.server.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/**
 * What clients write: all the time, by chance, small and larger, some with a time to live. Some
 * wait until it is on two disks.
 */
final class Load {
  static final int LONGEST_LIFE_MS = 5_000;

  private static final int KEYS = 12;
  private static final int WAITED_KEYS = 4;
  private static final String ALL_WAITED = "waited";
  private static final long ANSWER_WITHIN_MS = 5_000;

  private final World world;
  private final SplittableRandom random;
  private final IntSupplier target;
  private final SimulatedClient[] clients = new SimulatedClient[World.NODES];

  /** Numbers of writes that were waited for, by key. */
  private final Map<String, Long> waitedFor = new HashMap<>();

  /** The numbers of all of them. */
  private final List<Long> allWaitedFor = new ArrayList<>();

  private long writes;
  private long confirmed;
  private boolean running;

  /**
   * @param target the node that is written to now
   */
  Load(World world, SplittableRandom random, IntSupplier target) {
    this.world = world;
    this.random = random;
    this.target = target;
  }

  void start() {
    running = true;
    write();
  }

  void stop() {
    running = false;
  }

  private void write() {
    if (!running) {
      return;
    }
    int burst = random.nextInt(10) == 0 ? 20 : 1;
    for (int i = 0; i < burst; i++) {
      int to = target.getAsInt();
      if (serves(to)) {
        if (random.nextInt(12) == 0) {
          writeAndWait(to);
        } else {
          client(to).send(reply -> {}, command());
        }
      }
    }
    world.time.after(1_000_000L * (1 + random.nextInt(120)), this::write);
  }

  private boolean serves(int node) {
    return world.nodes[node].isReady() && !world.nodes[node].isFrozen();
  }

  /** A connection to that node which is kept. */
  SimulatedClient client(int to) {
    if (clients[to] == null || clients[to].isClosed()) {
      clients[to] = SimulatedClient.of(world.wires, to);
    }
    return clients[to];
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
      case 6 -> new String[] {"SET", key, number, "PX", "" + (1 + random.nextInt(LONGEST_LIFE_MS))};
      case 7 -> new String[] {"SADD", "set:" + random.nextInt(4), "m" + random.nextInt(30)};
      case 8 -> new String[] {"SET", key, "x".repeat(random.nextInt(2_000)) + number};
      default -> new String[] {"SET", key, number};
    };
  }

  /** Writes, and waits until it is on two disks of three. */
  private void writeAndWait(int to) {
    SimulatedClient own = SimulatedClient.of(world.wires, to);
    String key = "waited:" + random.nextInt(WAITED_KEYS);
    long number = writes++;
    own.send(reply -> {}, "SET", key, Long.toString(number));
    // A later write to that key would hide that this one is lost.
    own.send(reply -> {}, "SADD", ALL_WAITED, Long.toString(number));
    own.send(
        reply -> {
          if (reply != null && reply.matches("1 [12]")) {
            waitedFor.merge(key, number, Math::max);
            allWaitedFor.add(number);
            confirmed++;
          }
          own.close();
        },
        "WAITAOF",
        "1",
        "1",
        "3000");
  }

  /** Runs until a write that begins now, or one before it, is on two disks; or for that time. */
  void awaitConfirmed(long ms) {
    int to = target.getAsInt();
    if (serves(to)) {
      long before = confirmed;
      writeAndWait(to);
      world.runUntil(ms, () -> confirmed > before);
    }
  }

  /**
   * @throws AssertionError if that node lacks a write that was waited for
   */
  void checkWaitedFor(int node) {
    for (Map.Entry<String, Long> waited : waitedFor.entrySet()) {
      String found = read(node, "GET", waited.getKey());
      if (found == null || Long.parseLong(found) < waited.getValue()) {
        throw new AssertionError(
            waited.getKey()
                + " is "
                + found
                + ", but "
                + waited.getValue()
                + " was waited for until it was on two disks\n"
                + world.describe());
      }
    }
    Set<String> all = new HashSet<>(List.of(read(node, "SMEMBERS", ALL_WAITED).split(" ")));
    for (long number : allWaitedFor) {
      if (!all.contains(Long.toString(number))) {
        throw new AssertionError(
            number + " was waited for until it was on two disks\n" + world.describe());
      }
    }
  }

  /** The reply, which must come; null if it is. */
  private String read(int node, String... words) {
    boolean[] answered = {false};
    String[] found = {null};
    SimulatedClient reader = SimulatedClient.of(world.wires, node);
    reader.send(
        reply -> {
          found[0] = reply;
          answered[0] = true;
        },
        words);
    world.must(ANSWER_WITHIN_MS, "a read is answered", () -> answered[0]);
    reader.close();
    return found[0];
  }
}
