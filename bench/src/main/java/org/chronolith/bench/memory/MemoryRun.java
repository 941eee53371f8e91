package org.chronolith.bench.memory;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.load.LatencyProbe;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/** Loads one server, overwrites it at random, and again while it saves; the main thread writes. */
final class MemoryRun {

  private static final long SAVE_DEADLINE_S = 600;
  private static final long SAMPLE_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ServerProcess server;
  private final int keys;
  private final KeyRequests sets;
  private final SplittableRandom random = new SplittableRandom(7);

  MemoryRun(ServerProcess server, int keys, int valueBytes, int pipeline) {
    this.server = server;
    this.keys = keys;
    this.sets = KeyRequests.sets(pipeline, valueBytes);
  }

  /**
   * What loading cost.
   *
   * @param usedBytes growth of the server's own {@code used_memory}
   * @param residentBytes growth of its resident memory
   * @param setsPerSecond speed of the load
   */
  record Load(long usedBytes, long residentBytes, double setsPerSecond) {}

  /**
   * What a client saw while keys were overwritten.
   *
   * @param seconds how long it took
   * @param setsPerSecond overwrites
   * @param latencies of the probe beside them
   * @param peakResidentBytes the most memory seen, forked children included
   */
  record Phase(
      double seconds,
      double setsPerSecond,
      LatencyProbe.Latencies latencies,
      long peakResidentBytes) {}

  Load load() {
    try (RespConnection connection = server.connect()) {
      long usedBefore = usedMemory(connection);
      long residentBefore = ResidentMemory.bytes(server);
      long start = System.nanoTime();
      for (int next = 0; next < keys; next += sets.count()) {
        int count = Math.min(sets.count(), keys - next);
        for (int i = 0; i < count; i++) {
          sets.setKey(i, next + i);
          sets.setValue(i, random);
        }
        sets.send(connection, count);
        connection.skipReplies(count);
      }
      double seconds = secondsSince(start);
      long size = (Long) connection.call("DBSIZE");
      if (size != keys) {
        throw new BenchException(server.name() + " holds " + size + " keys instead of " + keys);
      }
      return new Load(
          usedMemory(connection) - usedBefore,
          ResidentMemory.bytes(server) - residentBefore,
          keys / seconds);
    }
  }

  /** Overwrites for {@code seconds}. */
  Phase overwrite(int seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try (RespConnection writer = server.connect()) {
      return measure(writer, () -> System.nanoTime() < end);
    }
  }

  /** Overwrites while the server saves in the background, until the save has ended. */
  Phase overwriteWhileSaving() {
    try (RespConnection control = server.connect();
        RespConnection writer = server.connect()) {
      control.call("BGSAVE");
      Phase phase = measure(writer, new SaveInProgress(control));
      String status = control.info("persistence", "rdb_last_bgsave_status");
      if (!status.equals("ok")) {
        throw new BenchException(server.name() + " could not save: " + status);
      }
      return phase;
    }
  }

  /** Says whether another batch is wanted; asked between two batches. */
  private interface Continuation {
    boolean wanted();
  }

  /** True until the background save has ended; asks the server ten times a second. */
  private static final class SaveInProgress implements Continuation {

    private final RespConnection control;
    private final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SAVE_DEADLINE_S);
    private long nextQuestion = System.nanoTime() + SAMPLE_INTERVAL_NS;

    SaveInProgress(RespConnection control) {
      this.control = control;
    }

    @Override
    public boolean wanted() {
      long now = System.nanoTime();
      if (now < nextQuestion) {
        return true;
      }
      if (now > deadline) {
        throw new BenchException("BGSAVE did not end within " + SAVE_DEADLINE_S + " s");
      }
      nextQuestion = now + SAMPLE_INTERVAL_NS;
      return control.info("persistence", "rdb_bgsave_in_progress").equals("1");
    }
  }

  private Phase measure(RespConnection writer, Continuation continuation) {
    try (LatencyProbe probe = LatencyProbe.start(server, keys)) {
      long written = 0;
      long peakResident = 0;
      long start = System.nanoTime();
      long nextSample = start;
      while (continuation.wanted()) {
        for (int i = 0; i < sets.count(); i++) {
          sets.setKey(i, random.nextInt(keys));
          sets.setValue(i, random);
        }
        sets.send(writer, sets.count());
        writer.skipReplies(sets.count());
        written += sets.count();
        if (System.nanoTime() >= nextSample) {
          peakResident = Math.max(peakResident, ResidentMemory.bytes(server));
          nextSample = System.nanoTime() + SAMPLE_INTERVAL_NS;
        }
      }
      double seconds = secondsSince(start);
      return new Phase(seconds, written / seconds, probe.finish(), peakResident);
    }
  }

  private static long usedMemory(RespConnection connection) {
    return Long.parseLong(connection.info("memory", "used_memory"));
  }

  private static double secondsSince(long startNs) {
    return (System.nanoTime() - startNs) / 1e9;
  }
}
