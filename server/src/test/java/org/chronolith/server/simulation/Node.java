package org.chronolith.server.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import org.chronolith.engine.snapshot.SnapshotEnv;
import org.chronolith.network.MemoryHost;
import org.chronolith.network.NetworkLoop;
import org.chronolith.replicationlog.ReplicationLog;
import org.chronolith.server.SimulatedProcess;
import org.chronolith.server.replication.ReplicationProbe;

/** One node: a machine with a disk, on which a process may run. */
final class Node {
  private static final int FIRST_PORT = 7001;

  final int number;
  final MemoryHost host;
  private final Path directory;
  private final Timeline time;
  private final RandomGenerator random;
  private final NodeDisk disk;
  private final SimulatedLogs logs;
  private final BiConsumer<Node, String> failed;
  private final List<String> directives;
  private final List<NetworkLoop> loops = new ArrayList<>();
  private SimulatedProcess process;
  private int generation;
  private boolean frozen;
  private boolean stopping;

  /** As its configuration file says, if somebody has rewritten it: 0 for none, else the number. */
  private int master = -1;

  private long countedFullSyncs;

  Node(
      int number,
      MemoryHost host,
      Path directory,
      Timeline time,
      RandomGenerator random,
      StreamRegistry registry,
      Journal journal,
      BiConsumer<Node, String> failed,
      List<String> directives) {
    this.number = number;
    this.host = host;
    this.directory = directory;
    this.time = time;
    this.random = random;
    this.failed = failed;
    this.directives = directives;
    disk = new NodeDisk(directory, random, journal);
    logs = new SimulatedLogs(time, random, registry, disk);
  }

  static int port(int number) {
    return FIRST_PORT + number;
  }

  String name() {
    return "n" + number;
  }

  boolean isRunning() {
    return process != null;
  }

  boolean isFrozen() {
    return frozen;
  }

  /** Serves clients. */
  boolean isReady() {
    return process != null && !stopping && process.isReady();
  }

  /** Who its configuration says it follows; -1 for nobody. */
  int master() {
    return master;
  }

  void master(int value) {
    master = value;
  }

  void start() {
    int mine = ++generation;
    stopping = false;
    frozen = false;
    countedFullSyncs = 0;
    List<String> words = new ArrayList<>(directives);
    words.addAll(List.of("--port", "" + port(number), "--dir", directory.toString()));
    if (master >= 0) {
      words.addAll(List.of("--replicaof", "127.0.0.1 " + port(master)));
    }
    SimulatedProcess.Surroundings around =
        new SimulatedProcess.Surroundings(
            this::loop,
            name -> tasks(mine),
            logs,
            new SnapshotEnv(disk.snapshotDisk(), config -> new TreeTables(), made -> tasks(mine)),
            disk.directoryDisk(),
            random::nextLong,
            (reason, cause) -> ended(mine, reason, cause));
    process = new SimulatedProcess(around, words.toArray(new String[0]));
    process.start();
  }

  private NetworkLoop loop(String name) {
    NetworkLoop loop = new NetworkLoop(name() + "-" + name, host);
    int mine = generation;
    loop.onUncaught(cause -> ended(mine, "uncaught on " + name, cause));
    loops.add(loop);
    return loop;
  }

  private SerialTasks tasks(int of) {
    return new SerialTasks(time, random, () -> of == generation, () -> frozen);
  }

  private void ended(int of, String reason, Throwable cause) {
    if (of == generation) {
      StringBuilder text = new StringBuilder(reason);
      for (Throwable at = cause; at != null; at = at.getCause()) {
        text.append(" <- ").append(at);
        for (int i = 0; i < Math.min(6, at.getStackTrace().length); i++) {
          text.append("\n    at ").append(at.getStackTrace()[i]);
        }
      }
      failed.accept(this, text.toString());
    }
  }

  /** Does what is due on all loops, in an order by chance. */
  int run() {
    if (process == null || frozen) {
      return 0;
    }
    int first = random.nextInt(loops.size());
    int worked = 0;
    for (int i = 0; i < loops.size(); i++) {
      worked += loops.get((first + i) % loops.size()).runNow();
    }
    if (stopping && process.isStopped()) {
      finishStop();
      worked++;
    }
    return worked;
  }

  long nextNanos() {
    long next = Long.MAX_VALUE;
    if (process != null && !frozen) {
      for (NetworkLoop loop : loops) {
        long at = loop.nextNanos();
        next = at < 0 ? next : Math.min(next, at);
      }
    }
    return next;
  }

  void freeze(boolean value) {
    frozen = value;
  }

  /** {@code kill -9}. The connections must have been cut from the node. */
  void kill() {
    logs.kill();
    end();
  }

  /** What was not forced is gone. */
  void losePower() {
    logs.losePower();
    end();
    disk.losePower();
  }

  private void end() {
    generation++;
    frozen = false;
    stopping = false;
    process.abandon();
    process = null;
    loops.clear();
  }

  /** {@code SIGTERM}. */
  void stop() {
    stopping = true;
    process.beginStop();
  }

  boolean isStopping() {
    return stopping;
  }

  private void finishStop() {
    stopping = false;
    process.finishStop();
    logs.kill();
    generation++;
    process = null;
    loops.clear();
  }

  ReplicationLog log() {
    return process.log();
  }

  SimulatedProcess process() {
    return process;
  }

  /** Full syncs that it has begun to send since the last call. */
  long newFullSyncs() {
    long all = ReplicationProbe.fullSyncs(process.replication());
    long more = all - countedFullSyncs;
    countedFullSyncs = all;
    return more;
  }

  /** Under which its master knows it. */
  String id() {
    try {
      Path file = directory.resolve("NODE-ID");
      return Files.exists(file) ? Files.readString(file).lines().findFirst().orElse("") : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    if (process == null) {
      return name() + " down";
    }
    ReplicationLog log = log();
    return name()
        + (frozen ? " frozen" : "")
        + " "
        + (log == null
            ? "loading"
            : log.history().currentId().substring(0, 6)
                + " ["
                + log.startOffset()
                + ", "
                + log.endOffset()
                + ") "
                + ReplicationProbe.describe(process.replication()));
  }
}
