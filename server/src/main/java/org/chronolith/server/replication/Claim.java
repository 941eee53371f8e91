package org.chronolith.server.replication;

import java.util.Collection;

/**
 * A replica's claim on the log: it has everything below an offset, and the log is kept from there
 * on, whether it is connected or not. Thread: engine.
 */
final class Claim {
  private final String id;
  private String ip;
  private int port;
  private long offset;
  private long reachedMs;
  private long seenMs;
  private boolean connected;

  /**
   * @param id what the replica calls itself, or {@code ip:port}
   * @param offset that it has acknowledged
   * @param reachedMs wall clock when the stream's end was at that offset
   * @param seenMs wall clock when it was last connected
   */
  Claim(String id, String ip, int port, long offset, long reachedMs, long seenMs) {
    this.id = id;
    this.ip = ip;
    this.port = port;
    this.offset = offset;
    this.reachedMs = reachedMs;
    this.seenMs = seenMs;
  }

  String id() {
    return id;
  }

  String ip() {
    return ip;
  }

  int port() {
    return port;
  }

  String address() {
    return ip + ":" + port;
  }

  /** The replica has every byte below this, on its disk if it says what is there. */
  long offset() {
    return offset;
  }

  long reachedMs() {
    return reachedMs;
  }

  long seenMs() {
    return seenMs;
  }

  boolean connected() {
    return connected;
  }

  /** Bytes of the stream that it lacks. */
  long bytesBehind(long endOffset) {
    return Math.max(0, endOffset - offset);
  }

  /** Age of the oldest byte that it lacks, in seconds, exact to about one; 0 if it lacks none. */
  long secondsBehind(long endOffset, long nowMs) {
    return bytesBehind(endOffset) == 0 ? 0 : Math.max(0, nowMs - reachedMs) / 1000;
  }

  /** The log ends at {@code endOffset}, whatever the replica has. */
  void lowerTo(long endOffset) {
    offset = Math.min(offset, endOffset);
  }

  /** Up to which one of {@code claims} has the stream; 0 without any. */
  static long highestOffset(Collection<Claim> claims) {
    long highest = 0;
    for (Claim claim : claims) {
      highest = Math.max(highest, claim.offset());
    }
    return highest;
  }

  void disconnected() {
    connected = false;
  }

  /** Its feed stands at {@code newOffset}. */
  void connectedAt(String newIp, int newPort, long newOffset, long newReachedMs, long nowMs) {
    ip = newIp;
    port = newPort;
    offset = newOffset;
    reachedMs = Math.max(reachedMs, newReachedMs);
    seenMs = nowMs;
    connected = true;
  }
}
