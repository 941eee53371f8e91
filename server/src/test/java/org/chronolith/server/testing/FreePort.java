package org.chronolith.server.testing;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for servers that are given one on their command line. They are counted up from a random
 * start, so that JVMs side by side do not meet, and lie below those that the system gives to
 * whoever binds port 0 or connects: those may be given again before the server binds them.
 */
final class FreePort {
  private static final int LOWEST = 20_000;

  /** The first of the system's own, as Linux has them. */
  private static final int END = 32_768;

  private static final int FORKS = 2;

  private static final AtomicInteger DRAWN = new AtomicInteger(first());

  private FreePort() {}

  /** The tests' JVMs side by side each have a part, of which a whole run needs a little. */
  private static int first() {
    int partPorts = (END - LOWEST) / FORKS;
    int part = Integer.getInteger("chronolith.test.fork", 1) % FORKS;
    return part * partPorts + ThreadLocalRandom.current().nextInt(partPorts / 2);
  }

  /**
   * A port that nobody listens on, each time another one.
   *
   * @throws AssertionError if there is none
   */
  static int next() {
    for (int tries = 0; tries < END - LOWEST; tries++) {
      int port = LOWEST + Math.floorMod(DRAWN.getAndIncrement(), END - LOWEST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new AssertionError("no port from " + LOWEST + " to " + (END - 1) + " is free");
  }

  private static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket(port)) {
      return probe.isBound();
    } catch (IOException e) {
      // Somebody has it.
      return false;
    }
  }
}
