package org.chronolith.bench.disk;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * Two clients with a fixed rate, and what they saw in each tenth of a second. A reply's time counts
 * from when its request was due, so that a stall counts for all who would have come meanwhile.
 */
final class Timeline implements AutoCloseable {

  static final long BUCKET_NS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(1);

  /** A client that is later than this begins anew. */
  private static final long MOST_LATE_NS = TimeUnit.SECONDS.toNanos(1);

  private static final int KEYS = 10_000;

  /** One client's view: written by its thread, read after its end. */
  static final class Lane {
    final long[] done;
    final long[] refused;
    final long[] worstNs;
    String refusal = "";

    Lane(int buckets) {
      done = new long[buckets];
      refused = new long[buckets];
      worstNs = new long[buckets];
    }
  }

  private final RespConnection setConnection;
  private final RespConnection getConnection;
  private final Lane sets;
  private final Lane gets;
  private final Thread setThread = new Thread(this::runSets, "timeline-sets");
  private final Thread getThread = new Thread(this::runGets, "timeline-gets");
  private final int setsPerTick;
  private final int valueBytes;
  private final long begunNs = System.nanoTime();
  private volatile boolean stopped;
  private volatile BenchException failure;

  private Timeline(ServerProcess server, int setsPerSecond, int valueBytes, int buckets) {
    this.setsPerTick = Math.max(1, setsPerSecond / 1_000);
    this.valueBytes = valueBytes;
    sets = new Lane(buckets);
    gets = new Lane(buckets);
    setConnection = server.connect();
    getConnection = server.connect();
  }

  static Timeline start(ServerProcess server, int setsPerSecond, int valueBytes, int buckets) {
    Timeline timeline = new Timeline(server, setsPerSecond, valueBytes, buckets);
    timeline.setThread.start();
    timeline.getThread.start();
    return timeline;
  }

  /** The bucket of this moment. */
  int now() {
    return (int) ((System.nanoTime() - begunNs) / BUCKET_NS);
  }

  /** Ends the clients. */
  void finish() {
    stopped = true;
    try {
      setThread.join();
      getThread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while the clients ended", e);
    }
    if (failure != null) {
      throw failure;
    }
  }

  Lane sets() {
    return sets;
  }

  Lane gets() {
    return gets;
  }

  @Override
  public void close() {
    stopped = true;
    setConnection.close();
    getConnection.close();
  }

  private void runSets() {
    KeyRequests batch = KeyRequests.sets(setsPerTick, valueBytes);
    run(setConnection, batch, sets);
  }

  private void runGets() {
    run(getConnection, KeyRequests.get(), gets);
  }

  private void run(RespConnection connection, KeyRequests batch, Lane lane) {
    SplittableRandom random = new SplittableRandom(1);
    long due = System.nanoTime();
    try {
      while (!stopped) {
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        for (int i = 0; i < batch.count(); i++) {
          batch.setKey(i, random.nextInt(KEYS));
        }
        batch.send(connection, batch.count());
        for (int i = 0; i < batch.count(); i++) {
          record(lane, connection.errorOfReply(), due);
        }
        due = Math.max(due + TICK_NS, System.nanoTime() - MOST_LATE_NS);
      }
    } catch (BenchException e) {
      if (!stopped) {
        failure = e;
      }
    }
  }

  private void record(Lane lane, String error, long due) {
    int bucket = now();
    if (bucket >= lane.done.length) {
      return;
    }
    if (error == null) {
      lane.done[bucket]++;
    } else {
      lane.refused[bucket]++;
      lane.refusal = error;
    }
    lane.worstNs[bucket] = Math.max(lane.worstNs[bucket], System.nanoTime() - due);
  }
}
