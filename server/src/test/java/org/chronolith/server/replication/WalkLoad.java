package org.chronolith.server.replication;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.RespClient;

/**
 * Random writes of all types to whoever is told to be the master, and, now and then, one that is
 * waited for: those that every node has acknowledged have to be there for good.
 */
final class WalkLoad implements AutoCloseable {
  private static final int DATABASES = 4;
  private static final int KEYS = 300;
  private static final int PIPELINE = 16;
  private static final int ROUNDS_PER_WAIT = 12;
  private static final int WAIT_MS = 300;
  private static final int BIG_BYTES = 100_000;
  private static final int HUGE_BYTES = 1_300_000;
  private static final long JOIN_S = 90;
  private static final int PAUSE_MS = 4;

  /** First words of what a node says that is no master, or not yet. */
  private static final List<String> DEMOTED = List.of("READONLY", "LOADING", "UNBLOCKED");

  private final Random random;
  private final Map<String, String> waitedFor = new LinkedHashMap<>();
  private Thread thread;
  private volatile boolean ended;
  private volatile Throwable failure;
  private long written;
  private long waits;

  WalkLoad(long seed) {
    random = new Random(seed);
  }

  /** Starts writing to that port, until {@link #pause} or until the connection is gone. */
  void writeTo(int port) {
    pause();
    ended = false;
    thread = new Thread(() -> run(port), "load-" + port);
    thread.setDaemon(true);
    thread.start();
  }

  /** Every write that was begun is answered, or its connection is gone. */
  void pause() {
    ended = true;
    if (thread == null) {
      return;
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(JOIN_S));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (thread.isAlive()) {
      throw new AssertionError(thread.getName() + " does not end");
    }
    thread = null;
    if (failure != null) {
      throw new AssertionError("the load failed", failure);
    }
  }

  /** What all nodes had. Only while it pauses. */
  Map<String, String> waitedFor() {
    return waitedFor;
  }

  long written() {
    return written;
  }

  long waits() {
    return waits;
  }

  @Override
  public void close() {
    pause();
  }

  private void run(int port) {
    try (RespClient client = new RespClient(port)) {
      for (int round = 1; !ended; round++) {
        if (round % ROUNDS_PER_WAIT == 0) {
          waitFor(client);
        } else {
          batch(client);
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
      }
    } catch (RespClient.Disconnected e) {
      // Killed, stopped or frozen, as the walk has it.
      return;
    } catch (RespClient.ErrorReply e) {
      if (DEMOTED.stream().noneMatch(e.getMessage()::startsWith)) {
        failure = e;
      }
    } catch (Throwable e) {
      failure = e;
    }
  }

  private void waitFor(RespClient client) {
    String key = "waited:" + random.nextInt(KEYS);
    String value = Long.toString(random.nextLong());
    // Until it is answered, either value may be there.
    waitedFor.remove(key);
    client.call("SELECT", "0");
    client.call("SET", key, value);
    if (client.call("WAIT", "2", Integer.toString(WAIT_MS)).equals(2L)) {
      waitedFor.put(key, value);
      waits++;
    }
  }

  private void batch(RespClient client) {
    if (random.nextInt(400) == 0) {
      // Whether it is answered or not.
      waitedFor.clear();
      client.call("FLUSHALL");
      return;
    }
    client.send("SELECT", Integer.toString(random.nextInt(DATABASES)));
    int replies = 1;
    for (int i = 0; i < PIPELINE; i++) {
      replies += command(client);
    }
    client.flush();
    for (int i = 0; i < replies; i++) {
      client.receive();
    }
    written += replies - 1;
  }

  /** Sends one, or a transaction; returns how many replies it has. */
  private int command(RespClient client) {
    String key = Integer.toString(random.nextInt(KEYS));
    String value = "v" + random.nextInt();
    String member = "m" + random.nextInt(80);
    String number = Integer.toString(random.nextInt(1000));
    switch (random.nextInt(24)) {
      case 0 -> client.send("LPUSH", "l" + key, value, value);
      case 1 -> client.send("RPUSH", "l" + key, value);
      case 2 -> client.send("LPOP", "l" + key);
      case 3 -> client.send("RPOP", "l" + key, "3");
      case 4 -> client.send("HSET", "h" + key, member, value);
      case 5 -> client.send("HINCRBY", "hn" + key, member, number);
      case 6 -> client.send("HDEL", "h" + key, member);
      case 7 -> client.send("SADD", "s" + key, member, number);
      case 8 -> client.send("SPOP", "s" + key);
      case 9 -> client.send("SREM", "s" + key, member);
      case 10 -> client.send("ZADD", "z" + key, number, member);
      case 11 -> client.send("ZINCRBY", "z" + key, number, member);
      case 12 -> client.send("ZPOPMIN", "z" + key);
      case 13 ->
          client.send("SET", "e" + key, value, "PX", Integer.toString(50 + random.nextInt(3000)));
      case 14 -> client.send("EXPIRE", "l" + key, Integer.toString(1 + random.nextInt(900)));
      case 15 -> client.send("PERSIST", "l" + key);
      case 16 -> client.send("INCRBY", "n" + key, number);
      case 17 -> client.send("APPEND", "k" + key, value);
      case 18 -> client.send("DEL", "k" + key, "h" + key, "z" + key);
      case 19 -> {
        client.send("MULTI");
        client.send("SET", "k" + key, value);
        client.send("INCR", "n" + key);
        client.send("LPUSH", "l" + key, value);
        client.send("EXEC");
        return 5;
      }
      case 20 -> rare(client, key, value);
      default -> client.send("SET", "k" + key, value.repeat(1 + random.nextInt(30)));
    }
    return 1;
  }

  private void rare(RespClient client, String key, String value) {
    switch (random.nextInt(8)) {
      case 0 -> client.send("SET", "huge", value.repeat(HUGE_BYTES / value.length()));
      case 1, 2, 3 -> client.send("SET", "big" + key, value.repeat(BIG_BYTES / value.length()));
      case 4 -> client.send("DEL", "huge", "big" + key);
      case 5 -> client.send("SWAPDB", "1", "2");
      case 6 -> client.send("COPY", "k" + key, "copy" + key, "REPLACE");
      default -> client.send("HSET", "h" + key, "big", value.repeat(BIG_BYTES / value.length()));
    }
  }
}
