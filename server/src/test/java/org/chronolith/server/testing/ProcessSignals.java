package org.chronolith.server.testing;

import java.io.IOException;

/** Signals to processes that a test has started. */
final class ProcessSignals {
  private ProcessSignals() {}

  /**
   * @param name as {@code kill} takes it, such as {@code -STOP}
   */
  static void send(Process process, String name) {
    try {
      int status = new ProcessBuilder("kill", name, Long.toString(process.pid())).start().waitFor();
      if (status != 0) {
        throw new AssertionError("kill " + name + " ended with " + status);
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
