package org.chronolith.network;

/**
 * The limits of client connections; they may be changed while clients are connected, from any
 * thread. The defaults are redis-server's.
 */
public final class ClientLimits {
  private volatile long maxBulkBytes = 512L << 20;
  private volatile long queryBufferBytes = 1L << 30;
  private volatile int maxClients = 10_000;
  private volatile int idleTimeoutMs;
  private volatile OutputLimit outputLimit = OutputLimit.NONE;

  /** Longest argument in bytes (proto-max-bulk-len). */
  public long maxBulkBytes() {
    return maxBulkBytes;
  }

  public ClientLimits maxBulkBytes(long value) {
    maxBulkBytes = value;
    return this;
  }

  /** Most bytes of requests that wait to be handled (client-query-buffer-limit). */
  public long queryBufferBytes() {
    return queryBufferBytes;
  }

  public ClientLimits queryBufferBytes(long value) {
    queryBufferBytes = value;
    return this;
  }

  /** Most client connections on the loop (maxclients). */
  public int maxClients() {
    return maxClients;
  }

  public ClientLimits maxClients(int value) {
    maxClients = value;
    return this;
  }

  /** A client that sends nothing for longer is closed (timeout); 0 = never. */
  public int idleTimeoutMs() {
    return idleTimeoutMs;
  }

  public ClientLimits idleTimeoutMs(int value) {
    idleTimeoutMs = value;
    return this;
  }

  /** Limit for unread replies of connections that have none of their own. */
  public OutputLimit outputLimit() {
    return outputLimit;
  }

  public ClientLimits outputLimit(OutputLimit value) {
    outputLimit = value;
    return this;
  }
}
