package org.chronolith.network;

/**
 * How many bytes of replies a client may leave unread before it is closed
 * (client-output-buffer-limit).
 *
 * @param hardBytes closed at once beyond this many; 0 = no limit
 * @param softBytes closed when beyond this many for {@code softSeconds} on end; 0 = no limit
 * @param softSeconds see {@code softBytes}
 */
public record OutputLimit(long hardBytes, long softBytes, int softSeconds) {
  public static final OutputLimit NONE = new OutputLimit(0, 0, 0);

  public OutputLimit {
    if (hardBytes < 0 || softBytes < 0 || softSeconds < 0) {
      throw new IllegalArgumentException("negative output limit");
    }
  }
}
