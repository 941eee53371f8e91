package org.chronolith.bench.load;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * Asks a server for a PING and a GET in turn, one each millisecond, on a connection and a thread of
 * its own. A reply that is late stands for all the requests that could not be sent meanwhile, so
 * the percentiles are corrected for it; and the time by which this thread itself woke too late is
 * kept beside, since a machine that is busy delays the probe as well as the server.
 */
public final class LatencyProbe implements AutoCloseable {

  private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long HIGHEST_NS = TimeUnit.MINUTES.toNanos(5);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final byte[] PING = RespConnection.request("PING");

  private final RespConnection connection;
  private final KeyRequests get;
  private final int keys;
  private final Histogram replies = new Histogram(HIGHEST_NS, SIGNIFICANT_DIGITS);
  private final Histogram wakeUps = new Histogram(HIGHEST_NS, SIGNIFICANT_DIGITS);
  private final Thread thread = new Thread(this::run, "latency-probe");
  private volatile boolean stopped;
  private volatile BenchException failure;

  private LatencyProbe(RespConnection connection, int keys) {
    this.connection = connection;
    this.keys = keys;
    this.get = KeyRequests.get();
  }

  public static LatencyProbe start(ServerProcess server, int keys) {
    LatencyProbe probe = new LatencyProbe(server.connect(), keys);
    probe.thread.start();
    return probe;
  }

  /** Ends the measurement; the histogram of reply times, in ns, is then the caller's. */
  public Latencies finish() {
    stopThread();
    if (failure != null) {
      throw failure;
    }
    return new Latencies(replies, wakeUps.getMaxValue());
  }

  /**
   * @param replies reply times in ns
   * @param worstWakeUpNs by how much the probe itself was late at worst
   */
  public record Latencies(Histogram replies, long worstWakeUpNs) {}

  @Override
  public void close() {
    stopThread();
    connection.close();
  }

  private void stopThread() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while the latency probe ended", e);
    }
  }

  private void run() {
    SplittableRandom random = new SplittableRandom(1);
    long due = System.nanoTime();
    boolean ping = true;
    try {
      while (!stopped) {
        due = awaitNext(due);
        long sent = System.nanoTime();
        if (ping) {
          connection.send(PING, 0, PING.length);
        } else {
          get.setKey(0, random.nextInt(keys));
          get.send(connection, 1);
        }
        connection.skipReplies(1);
        long tookNs = Math.min(System.nanoTime() - sent, HIGHEST_NS);
        replies.recordValueWithExpectedInterval(tookNs, INTERVAL_NS);
        ping = !ping;
      }
    } catch (BenchException e) {
      failure = e;
    }
  }

  private long awaitNext(long lastDue) {
    long due = lastDue + INTERVAL_NS;
    long now = System.nanoTime();
    if (now >= due) {
      return now;
    }
    while (now < due) {
      LockSupport.parkNanos(due - now);
      now = System.nanoTime();
    }
    wakeUps.recordValue(Math.min(now - due, HIGHEST_NS));
    return due;
  }
}
