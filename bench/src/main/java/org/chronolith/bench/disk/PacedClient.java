package org.chronolith.bench.disk;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.chronolith.bench.BenchException;
import org.chronolith.bench.load.KeyRequests;
import org.chronolith.bench.process.ServerProcess;
import org.chronolith.bench.resp.RespConnection;

/**
 * A client that sends a batch of requests at fixed times, on a thread of its own, and reads the
 * replies. A reply's time counts from when its request was due, so that a stall counts for all who
 * would have come meanwhile. If the connection ends, it makes another one, as clients do.
 */
final class PacedClient implements AutoCloseable {

  /** A client that is later than this begins anew. */
  private static final long MOST_LATE_NS = TimeUnit.SECONDS.toNanos(1);

  private static final long RECONNECT_NS = TimeUnit.MILLISECONDS.toNanos(5);

  private final ServerProcess server;
  private final KeyRequests batch;
  private final Keys keys;
  private final int[] numbers;
  private final long tickNs;
  private final IntSupplier bucket;
  private final Lane lane;
  private final Thread thread;
  private volatile RespConnection connection;
  private volatile boolean stopped;
  private volatile RuntimeException failure;

  /**
   * @param bucket the one of this moment
   */
  PacedClient(
      String name,
      ServerProcess server,
      KeyRequests batch,
      Keys keys,
      long tickNs,
      IntSupplier bucket,
      Lane lane) {
    this.server = server;
    this.batch = batch;
    this.keys = keys;
    this.numbers = new int[batch.count()];
    this.tickNs = tickNs;
    this.bucket = bucket;
    this.lane = lane;
    this.connection = server.connect();
    this.thread = new Thread(this::run, name);
  }

  void start() {
    thread.start();
  }

  Lane lane() {
    return lane;
  }

  /** Ends the client: what it wrote is the caller's. */
  void finish() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while a client ended", e);
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() {
    stopped = true;
    connection.close();
  }

  private void run() {
    long due = System.nanoTime();
    try {
      while (!stopped) {
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        askAll(due);
        due = Math.max(due + tickNs, System.nanoTime() - MOST_LATE_NS);
      }
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      connection.close();
    }
  }

  private void askAll(long due) {
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = keys.next();
      batch.setKey(i, numbers[i]);
    }
    int answered = 0;
    try {
      batch.send(connection, numbers.length);
      for (; answered < numbers.length; answered++) {
        String error = connection.errorOfReply();
        lane.reply(bucket.getAsInt(), error, System.nanoTime() - due);
        if (error == null) {
          keys.acknowledged(numbers[answered]);
        } else {
          keys.refused(numbers[answered]);
        }
      }
    } catch (BenchException e) {
      if (!stopped) {
        lane.cut(numbers.length - answered);
        reconnect();
      }
    }
  }

  private void reconnect() {
    connection.close();
    while (!stopped) {
      try {
        connection = server.connect();
        return;
      } catch (BenchException e) {
        // It is down, or starts: a client asks again.
        LockSupport.parkNanos(RECONNECT_NS);
      }
    }
  }
}
