package org.chronolith.bench.disk;

import java.util.concurrent.TimeUnit;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.ServerProcess;

/** Two clients with a fixed rate, and what they saw in each tenth of a second. */
final class Timeline implements AutoCloseable {

  static final long BUCKET_NS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long GET_TICK_NS = TimeUnit.MILLISECONDS.toNanos(1);

  /** As many are read. */
  static final int KEYS = 10_000;

  /**
   * What the one that writes does.
   *
   * @param tickMs how often it sends what is due
   */
  record Sets(int perSecond, int valueBytes, int tickMs) {
    int perTick() {
      return Math.max(1, perSecond * tickMs / 1_000);
    }
  }

  private final PacedClient sets;
  private final PacedClient gets;
  private final long begunNs = System.nanoTime();

  private Timeline(ServerProcess server, Sets load, Keys setKeys, int buckets) {
    sets =
        new PacedClient(
            "timeline-sets",
            server,
            KeyRequests.sets(load.perTick(), load.valueBytes()),
            setKeys,
            TimeUnit.MILLISECONDS.toNanos(load.tickMs()),
            this::now,
            new Lane(buckets));
    gets =
        new PacedClient(
            "timeline-gets",
            server,
            KeyRequests.get(),
            Keys.random(KEYS),
            GET_TICK_NS,
            this::now,
            new Lane(buckets));
  }

  /** Both begin, the one that writes with {@code setKeys}. */
  static Timeline start(ServerProcess server, Sets load, Keys setKeys, int buckets) {
    Timeline timeline = new Timeline(server, load, setKeys, buckets);
    timeline.sets.start();
    timeline.gets.start();
    return timeline;
  }

  /** The bucket of this moment. */
  int now() {
    return (int) ((System.nanoTime() - begunNs) / BUCKET_NS);
  }

  /** Ends the clients. */
  void finish() {
    sets.finish();
    gets.finish();
  }

  Lane sets() {
    return sets.lane();
  }

  Lane gets() {
    return gets.lane();
  }

  @Override
  public void close() {
    sets.close();
    gets.close();
  }
}
