package org.chronolith.server.replication;

import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * What a redis-server says when a link to its master ends before its stream goes on, or for want of
 * a word from it.
 */
final class LinkWords {
  /** What Netty puts around the system's words: the call and the number, and the address. */
  private static final Pattern NETTYS_WORDS =
      Pattern.compile("^\\w+\\(\\.\\.\\) failed(?: with error\\(-\\d+\\))?: |: [^ ]*/[^ ]*:\\d+$");

  private LinkWords() {}

  /**
   * Nothing has come for too long.
   *
   * @param fullSync that has begun; null if none has
   */
  static String timeout(ReplicaLink.State state, FullSyncStream fullSync) {
    if (state == ReplicaLink.State.CONNECTED) {
      return "MASTER timeout: no data nor PING received...";
    }
    return fullSync == null
        ? "Timeout connecting to the MASTER..."
        : "Timeout receiving bulk data from MASTER... If the problem persists try to set the"
            + " 'repl-timeout' parameter in redis.conf to a larger value.";
  }

  /**
   * A master is lost that is not yet followed.
   *
   * @param cause what failed; null if one of the sides closed the connection
   * @param fullSync that has begun; null if none has
   * @param asked {@code PSYNC} was sent and its answer has not come
   */
  static String loss(
      Throwable cause, ReplicaLink.State state, FullSyncStream fullSync, boolean asked) {
    String reason =
        cause == null || cause.getMessage() == null
            ? "connection lost"
            : NETTYS_WORDS.matcher(cause.getMessage()).replaceAll("");
    if (state == ReplicaLink.State.CONNECTING) {
      return cause instanceof UnknownHostException
          ? "Unable to connect to MASTER: " + reason
          : "Error condition on socket for SYNC: " + reason;
    }
    if (fullSync != null) {
      return fullSync.hasBegun()
          ? "I/O error trying to sync with MASTER: " + reason
          : "I/O error reading bulk count from MASTER: " + reason;
    }
    return asked
        ? "Master did not reply to PSYNC, will try later"
        : "Master did not respond to command during SYNC handshake";
  }
}
