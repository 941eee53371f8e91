package org.chronolith.bench.resync;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.FreePort;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/** One pair of servers: the replica begins empty, and is then cut off again and again. */
final class ResyncRun {

  private static final int LOAD_BATCH = 64;
  private static final long DEADLINE_S = 180;
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final double LEAST_SECONDS_MEASURED = 0.5;
  private static final int MIB = 1 << 20;

  private final ServerProcess master;
  private final ServerProcess replica;
  private final Settings settings;
  private final SplittableRandom random = new SplittableRandom(5);

  /**
   * How to measure.
   *
   * @param valueBytes of each key
   * @param setsPerSecond that the master's client writes meanwhile
   * @param secondsBefore that are measured before each resync
   */
  record Settings(int valueBytes, int setsPerSecond, double secondsBefore) {

    int keys(int mib) {
      return Math.max(1, (int) ((long) mib * MIB / valueBytes));
    }
  }

  ResyncRun(ServerProcess master, ServerProcess replica, Settings settings) {
    this.master = master;
    this.replica = replica;
    this.settings = settings;
  }

  /** The first sync of {@code dataMib}, and one after each of the lags. */
  List<Resync> measure(int dataMib, List<Integer> lagsMib) {
    List<Resync> resyncs = new ArrayList<>();
    try (RespConnection atMaster = master.connect();
        RespConnection atReplica = replica.connect()) {
      int keys = settings.keys(dataMib);
      write(atMaster, keys, keys, false);
      // One time that is not counted: a JVM has to compile first.
      seen(keys);
      resyncs.add(resync(dataMib, 0, atMaster, atReplica));
      for (int lagMib : lagsMib) {
        Traffic.Seen before = seen(keys);
        awaitOffset(atReplica, offset(atMaster));
        // Nobody listens there: a replica that is sent there has lost its master.
        atReplica.call("REPLICAOF", "127.0.0.1", Integer.toString(FreePort.next()));
        write(atMaster, keys, settings.keys(lagMib), true);
        resyncs.add(resync(dataMib, lagMib, atMaster, atReplica, before));
      }
    }
    return resyncs;
  }

  private Resync resync(
      int dataMib, int lagMib, RespConnection atMaster, RespConnection atReplica) {
    return resync(dataMib, lagMib, atMaster, atReplica, seen(settings.keys(dataMib)));
  }

  private Resync resync(
      int dataMib,
      int lagMib,
      RespConnection atMaster,
      RespConnection atReplica,
      Traffic.Seen before) {
    long fullBefore = fullSyncs(atMaster);
    try (Traffic traffic = traffic(settings.keys(dataMib))) {
      long target = offset(atMaster);
      long start = System.nanoTime();
      atReplica.call("REPLICAOF", "127.0.0.1", Integer.toString(master.port()));
      awaitOffset(atReplica, target);
      double seconds = (System.nanoTime() - start) / 1e9;
      sleepUntil(traffic, LEAST_SECONDS_MEASURED);
      Traffic.Seen during = traffic.finish();
      boolean full = fullSyncs(atMaster) > fullBefore;
      return new Resync(master.name(), dataMib, lagMib, full, seconds, before, during);
    }
  }

  /** What clients see when nothing in particular goes on. */
  private Traffic.Seen seen(int keys) {
    try (Traffic traffic = traffic(keys)) {
      sleepUntil(traffic, settings.secondsBefore());
      return traffic.finish();
    }
  }

  private Traffic traffic(int keys) {
    return Traffic.start(master, keys, settings.valueBytes(), settings.setsPerSecond());
  }

  private static void sleepUntil(Traffic traffic, double seconds) {
    while (traffic.seconds() < seconds) {
      LockSupport.parkNanos(POLL_NS);
    }
  }

  /** Writes {@code count} values as fast as it goes: key after key, or keys at random. */
  private void write(RespConnection connection, int keys, int count, boolean atRandom) {
    KeyRequests sets = KeyRequests.sets(LOAD_BATCH, settings.valueBytes());
    for (int next = 0; next < count; next += LOAD_BATCH) {
      int batch = Math.min(LOAD_BATCH, count - next);
      for (int i = 0; i < batch; i++) {
        sets.setKey(i, atRandom ? random.nextInt(keys) : next + i);
        sets.setValue(i, random);
      }
      sets.send(connection, batch);
      connection.skipReplies(batch);
    }
  }

  /** Waits until the replica follows and has the stream up to {@code target}. */
  private void awaitOffset(RespConnection atReplica, long target) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    while (!atReplica.info("replication", "master_link_status").equals("up")
        || Long.parseLong(atReplica.info("replication", "slave_repl_offset")) < target) {
      if (System.nanoTime() > deadline) {
        throw new BenchException(
            "the replica of "
                + replica.name()
                + " is not in step after "
                + DEADLINE_S
                + " s:\n"
                + replica.outputTail());
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  private static long offset(RespConnection connection) {
    return Long.parseLong(connection.info("replication", "master_repl_offset"));
  }

  private static long fullSyncs(RespConnection connection) {
    return Long.parseLong(connection.info("stats", "sync_full"));
  }
}
