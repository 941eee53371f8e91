package org.chronolith.server.gate;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.chronolith.server.testing.RespClient;

/**
 * Counts up over a ring of keys, so that each key's value says how far it came: it is at least the
 * last number acknowledged for that key, and no number that was never sent or was refused last. A
 * write that is refused with {@code MISCONF} must not have been applied.
 */
final class RingWriter {
  private static final int KEYS = 64;
  private static final int PIPELINE = 8;
  private static final int LONGEST_VALUE_BYTES = 20_000;

  private final int number;
  private final int port;
  private final Random random;
  private final long[] acknowledgedByKey = new long[KEYS];

  /** The number whose fate is not known, since the connection broke; 0 for none. */
  private final long[] unknownByKey = new long[KEYS];

  private long sent;
  private Thread thread;
  private volatile long acknowledged;
  private volatile long refused;
  private volatile Throwable failure;

  RingWriter(int number, int port, long seed) {
    this.number = number;
    this.port = port;
    random = new Random(seed);
  }

  long acknowledged() {
    failIfFailed();
    return acknowledged;
  }

  long refused() {
    failIfFailed();
    return refused;
  }

  void start() {
    thread = new Thread(this::run, "writer-" + number);
    thread.start();
  }

  void join() throws InterruptedException {
    thread.join(TimeUnit.SECONDS.toMillis(30));
    assertTrue(!thread.isAlive(), thread.getName() + " does not end");
    failIfFailed();
  }

  private void failIfFailed() {
    assertNull(failure, () -> thread.getName() + ": " + failure);
  }

  private void run() {
    try (RespClient client = new RespClient(port)) {
      while (true) {
        long first = sent + 1;
        for (int i = 0; i < PIPELINE; i++) {
          sent++;
          unknownByKey[key(sent)] = sent;
          client.send("SET", name(key(sent)), sent + ":" + "x".repeat(length()));
        }
        client.flush();
        for (long n = first; n <= sent; n++) {
          answered(client, n);
        }
      }
    } catch (RespClient.Disconnected e) {
      // The kill that the test is about.
      return;
    } catch (Throwable e) {
      failure = e;
    }
  }

  private int length() {
    return random.nextInt(4) == 0 ? LONGEST_VALUE_BYTES : random.nextInt(200);
  }

  private void answered(RespClient client, long n) {
    try {
      if (!"OK".equals(client.receive())) {
        throw new AssertionError("a SET was not answered with OK");
      }
      acknowledgedByKey[key(n)] = n;
      acknowledged++;
    } catch (RespClient.ErrorReply e) {
      if (!e.getMessage().startsWith("MISCONF Errors writing to the AOF file: No space left")) {
        throw e;
      }
      refused++;
    }
    unknownByKey[key(n)] = 0;
  }

  /** Compares every key with what was acknowledged. REQUIRES: it does not run. */
  void check(RespClient client, String when) {
    for (int key = 0; key < KEYS; key++) {
      String value = (String) client.call("GET", name(key));
      long found = value == null ? 0 : Long.parseLong(value.substring(0, value.indexOf(':')));
      assertTrue(
          found == acknowledgedByKey[key] || found == unknownByKey[key] && found != 0,
          when
              + ": "
              + name(key)
              + " is "
              + found
              + ", acknowledged "
              + acknowledgedByKey[key]
              + ", of unknown fate "
              + unknownByKey[key]);
      acknowledgedByKey[key] = found;
      unknownByKey[key] = 0;
    }
  }

  private static int key(long n) {
    return (int) (n % KEYS);
  }

  private String name(int key) {
    return "writer" + number + ":" + key;
  }
}
