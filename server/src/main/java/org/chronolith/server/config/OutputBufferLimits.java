package org.chronolith.server.config;

/** {@code client-output-buffer-limit}: the limits of the three classes of clients. */
public record OutputBufferLimits(Limit normal, Limit replica, Limit pubsub) {

  /**
   * One class's limit.
   *
   * @param hardBytes a client above it is closed at once; 0 for none
   * @param softBytes a client above it for {@code softSeconds} is closed; 0 for none
   */
  public record Limit(long hardBytes, long softBytes, long softSeconds) {
    static final Limit NONE = new Limit(0, 0, 0);
  }

  /** Redis's defaults. */
  static final OutputBufferLimits DEFAULT =
      new OutputBufferLimits(
          Limit.NONE, new Limit(256L << 20, 64L << 20, 60), new Limit(32L << 20, 8L << 20, 60));
}
