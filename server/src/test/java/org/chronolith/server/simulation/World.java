package org.chronolith.server.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.network.MemoryHost;
import org.chronolith.replicationlog.History;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.replication.ReplicationProbe;

/**
 * Three nodes and what is between them, and the rules that hold whatever happens: two nodes at the
 * same offset of the same history have the same data, no two histories have one name, nobody is
 * sent everything who could have gone on, and no process ends itself.
 */
final class World {
  static final int NODES = 3;

  /** Rounds without time going by, after which something runs in circles. */
  private static final int MOST_ROUNDS = 20_000;

  private static final long MS = 1_000_000;
  private static final long LOOK_EVERY_NANOS = 700 * MS;

  final Timeline time;
  final RandomGenerator random;
  final Node[] nodes = new Node[NODES];
  final Wires wires;
  private final Consumer<String> trace;
  private final Journal journal;
  private final Map<String, byte[]> states = new HashMap<>();

  /** Where each node was when it was looked at. */
  private final Map<Integer, String> looked = new HashMap<>();

  /** As far back as this a claim holds the log. */
  private final long claimBytes;

  private String violation;
  private long lookedNanos;
  private int rounds;
  private long fullSyncs;

  World(
      String name,
      RandomGenerator random,
      Path directory,
      List<String> directives,
      long claimBytes,
      Consumer<String> trace,
      Journal journal) {
    this.claimBytes = claimBytes;
    this.random = random;
    this.trace = trace;
    this.journal = journal;
    time = new Timeline(journal);
    StreamRegistry registry = new StreamRegistry(journal);
    MemoryHost[] hosts = new MemoryHost[NODES];
    for (int i = 0; i < NODES; i++) {
      hosts[i] = new MemoryHost(name + "-" + i, time);
    }
    wires = new Wires(time, random, journal, hosts);
    for (int i = 0; i < NODES; i++) {
      nodes[i] =
          new Node(
              i,
              hosts[i],
              directory.resolve("n" + i),
              time,
              random,
              registry,
              journal,
              (node, why) -> violated(node.name() + ": " + why),
              directives);
    }
  }

  void trace(String what) {
    String line = String.format("%9.3f ", time.nanos() / 1e9) + what;
    journal.tell(line);
    trace.accept(line);
  }

  void violated(String what) {
    if (violation == null) {
      violation = what;
      trace("VIOLATED: " + what);
    }
  }

  long fullSyncs() {
    return fullSyncs;
  }

  void runFor(long ms) {
    runUntil(ms, () -> false);
  }

  /** Returns whether it came to be within that time. */
  boolean runUntil(long ms, BooleanSupplier condition) {
    long end = time.nanos() + ms * MS;
    while (true) {
      if (condition.getAsBoolean()) {
        return true;
      }
      if (time.nanos() >= end) {
        return false;
      }
      step(end);
    }
  }

  /**
   * @throws AssertionError if it does not come to be within that time
   */
  void must(long ms, String what, BooleanSupplier condition) {
    if (!runUntil(ms, condition)) {
      throw new AssertionError("not within " + ms + " ms: " + what + "\n" + describe());
    }
  }

  private void step(long untilNanos) {
    int worked = time.runDue();
    int first = random.nextInt(NODES);
    for (int i = 0; i < NODES; i++) {
      Node node = nodes[(first + i) % NODES];
      worked += node.run();
      if (node.isReady() && !node.isFrozen()) {
        lookAtFullSyncs(node);
      }
    }
    worked += wires.runNow();
    if (violation != null) {
      throw new AssertionError(violation + "\n" + describe());
    }
    if (time.nanos() - lookedNanos >= LOOK_EVERY_NANOS) {
      look();
    }
    if (worked > 0) {
      if (++rounds > MOST_ROUNDS) {
        throw new AssertionError("something runs in circles\n" + describe());
      }
      return;
    }
    rounds = 0;
    long next = untilNanos;
    if (time.nextNanos() >= 0) {
      next = Math.min(next, time.nextNanos());
    }
    for (Node node : nodes) {
      next = Math.min(next, node.nextNanos());
    }
    time.advanceTo(Math.max(next, time.nanos()));
  }

  /** Nodes at one offset of one history have one state. */
  void look() {
    lookedNanos = time.nanos();
    for (Node node : nodes) {
      if (node.isReady() && !node.isFrozen()) {
        ReplicationLog log = node.log();
        String broken = ReplicationProbe.brokenClaim(node.process().replication(), log, claimBytes);
        if (broken != null) {
          throw new AssertionError(broken + " on " + node + "\n" + describe());
        }
        String at = log.history().currentId() + "@" + log.endOffset();
        if (at.equals(looked.put(node.number, at))) {
          continue;
        }
        byte[] digest = node.process().digest();
        journal.add("state", node.number, log.endOffset(), Arrays.hashCode(digest));
        byte[] before = states.putIfAbsent(at, digest);
        if (before != null && !Arrays.equals(before, digest)) {
          throw new AssertionError(
              "two states at " + at + ", " + node + "\n" + describe() + differences());
        }
      }
    }
  }

  private void lookAtFullSyncs(Node master) {
    if (master.newFullSyncs() == 0) {
      return;
    }
    fullSyncs++;
    for (String id : ReplicationProbe.beingSynced(master.process().replication())) {
      for (Node node : nodes) {
        // One that is up has got it, or it was an earlier process that asked.
        boolean asks = node != master && node.isReady() && !node.process().replication().linkUp();
        if (asks && node.id().equals(id)) {
          String cheaper = cheaper(node, master);
          trace("full sync of " + node + " from " + master + (cheaper == null ? "" : cheaper));
          if (cheaper != null) {
            violated("a full sync of " + node + " from " + master + cheaper);
          }
        }
      }
    }
  }

  /** What would have been possible instead of a full sync; null if nothing. */
  private static String cheaper(Node replica, Node master) {
    ReplicationLog own = replica.log();
    ReplicationLog masters = master.log();
    History history = own.history();
    Optional<Checkpoint> newest = replica.process().live().snapshots().newest();
    if (own.endOffset() == 0 && history.lineage().isEmpty() && newest.isEmpty()) {
      return null;
    }
    List<String> names = new ArrayList<>();
    names.add(history.currentId());
    history.lineage().forEach(ancestor -> names.add(ancestor.id()));
    long common = -1;
    for (String name : names) {
      long theirs = Math.min(masters.history().validTo(name), masters.endOffset());
      long ours = Math.min(history.validTo(name), own.endOffset());
      common = Math.max(common, Math.min(theirs, ours));
    }
    if (common < masters.startOffset()) {
      return null;
    }
    if (common == own.endOffset()) {
      return ", which it could go on from at " + common;
    }
    Optional<Checkpoint> base = replica.process().live().snapshots().retainAtOrBefore(common);
    long from = base.map(Checkpoint::offset).orElse(0L);
    base.ifPresent(Checkpoint::release);
    return from >= own.startOffset()
        ? ", although it could go back from " + from + " to " + common
        : null;
  }

  /** The keys that are not the same on all nodes, each with a digest of its value. */
  private String differences() {
    Map<String, Map<String, String>> keys = new TreeMap<>();
    for (Node node : nodes) {
      if (!node.isReady() || node.isFrozen()) {
        continue;
      }
      for (int db = 0; db < 4; db++) {
        SimulatedClient client = SimulatedClient.of(wires, node.number);
        ask(client, "SELECT", "" + db);
        for (String key : ask(client, "KEYS", "*").split(" ")) {
          String value = key.isEmpty() ? "" : ask(client, "DEBUG", "DIGEST-VALUE", key);
          keys.computeIfAbsent(db + " " + key, name -> new TreeMap<>()).put(node.name(), value);
        }
        client.close();
      }
    }
    StringBuilder text = new StringBuilder();
    keys.forEach(
        (key, values) -> {
          if (values.size() > 1 && values.values().stream().distinct().count() > 1
              || values.size() < NODES) {
            text.append("    ").append(key).append(' ').append(values).append('\n');
          }
        });
    return text.toString();
  }

  private String ask(SimulatedClient client, String... words) {
    String[] answer = {null};
    client.send(reply -> answer[0] = String.valueOf(reply), words);
    for (int i = 0; i < 100 && answer[0] == null; i++) {
      wires.runNow();
      for (Node node : nodes) {
        node.run();
      }
    }
    return String.valueOf(answer[0]);
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    for (Node node : nodes) {
      text.append("  ").append(node).append('\n');
      if (node.isReady()) {
        text.append("      ").append(node.log().history()).append('\n');
      }
    }
    return text.toString();
  }

  void close() {
    for (Node node : nodes) {
      if (node.isRunning()) {
        wires.died(node.number, false);
        node.kill();
      }
    }
    wires.close();
  }
}
