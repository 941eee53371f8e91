package org.chronolith.bench.resync;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.load.LatencyProbe;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * The clients of a master while something is measured: one that overwrites keys at a given rate,
 * and the probe. A master that holds the writer up for long loses that time: it is not made up for.
 */
final class Traffic implements AutoCloseable {

  private static final int BATCH = 16;
  private static final long MOST_ARREARS_NS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final double NS_PER_MS = 1e6;

  private final RespConnection connection;
  private final LatencyProbe probe;
  private final KeyRequests sets;
  private final int keys;
  private final long intervalNs;
  private final long startNs = System.nanoTime();
  private final Thread thread = new Thread(this::run, "traffic");
  private long written;
  private volatile boolean stopped;
  private volatile BenchException failure;

  /**
   * What the clients saw.
   *
   * @param setsPerSecond of the writer
   * @param latencies of the probe
   */
  record Seen(double setsPerSecond, LatencyProbe.Latencies latencies) {

    double percentileMs(double percentile) {
      return latencies.replies().getValueAtPercentile(percentile) / NS_PER_MS;
    }

    double worstMs() {
      return latencies.replies().getMaxValue() / NS_PER_MS;
    }
  }

  private Traffic(ServerProcess master, int keys, int valueBytes, int setsPerSecond) {
    this.keys = keys;
    sets = KeyRequests.sets(BATCH, valueBytes);
    intervalNs = TimeUnit.SECONDS.toNanos(BATCH) / setsPerSecond;
    connection = master.connect();
    probe = LatencyProbe.start(master, keys);
  }

  static Traffic start(ServerProcess master, int keys, int valueBytes, int setsPerSecond) {
    Traffic traffic = new Traffic(master, keys, valueBytes, setsPerSecond);
    traffic.thread.start();
    return traffic;
  }

  /** Seconds since the start. */
  double seconds() {
    return (System.nanoTime() - startNs) / 1e9;
  }

  /** Ends the measurement. */
  Seen finish() {
    double seconds = seconds();
    stopThread();
    if (failure != null) {
      throw failure;
    }
    return new Seen(written / seconds, probe.finish());
  }

  @Override
  public void close() {
    stopThread();
    probe.close();
    connection.close();
  }

  private void stopThread() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while the traffic ended", e);
    }
  }

  private void run() {
    SplittableRandom random = new SplittableRandom(11);
    long due = System.nanoTime();
    try {
      while (!stopped) {
        for (int i = 0; i < BATCH; i++) {
          sets.setKey(i, random.nextInt(keys));
          sets.setValue(i, random);
        }
        sets.send(connection, BATCH);
        connection.skipReplies(BATCH);
        written += BATCH;
        due = Math.max(due + intervalNs, System.nanoTime() - MOST_ARREARS_NS);
        for (long now = System.nanoTime(); now < due && !stopped; now = System.nanoTime()) {
          LockSupport.parkNanos(due - now);
        }
      }
    } catch (BenchException e) {
      failure = e;
    }
  }
}
