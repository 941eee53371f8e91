package org.chronolith.server.command;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counters of the command path. Plain fields, written by the engine thread alone and read by it for
 * {@code INFO}; what other threads read of them is a recent value.
 */
public final class ServerCounters {
  private static final int MOST_ERROR_CODES = 128;

  /** Changes to the data since the last snapshot, Redis's {@code rdb_changes_since_last_save}. */
  public long changes;

  /** Commands run, Redis's {@code total_commands_processed}. */
  public long commandsProcessed;

  /** Reads of a key that was there, Redis's {@code keyspace_hits}. */
  public long keyspaceHits;

  /** Reads of a key that was not there, Redis's {@code keyspace_misses}. */
  public long keyspaceMisses;

  /** Whether commands' times go into histograms: {@code latency-tracking}. */
  public boolean latencyTracking = true;

  /** Error replies, Redis's {@code total_error_replies}. */
  public long errorReplies;

  private final boolean commandStatistics;
  private final TreeMap<String, long[]> errorsByCode = new TreeMap<>();

  /** Counters of a server. */
  public ServerCounters() {
    this(true);
  }

  private ServerCounters(boolean commandStatistics) {
    this.commandStatistics = commandStatistics;
  }

  /**
   * Counters for a loader, which runs commands on a thread of its own: the commands' statistics,
   * which belong to the engine thread, are left alone. As in Redis, loading is not part of them.
   */
  public static ServerCounters ofLoader() {
    return new ServerCounters(false);
  }

  boolean commandStatistics() {
    return commandStatistics;
  }

  /** Counts an error reply by its code word. */
  public void errorReply(String text) {
    errorReplies++;
    int space = text.indexOf(' ');
    String code = space < 0 ? text : text.substring(0, space);
    long[] count = errorsByCode.get(code);
    if (count == null) {
      if (errorsByCode.size() >= MOST_ERROR_CODES) {
        return;
      }
      count = new long[1];
      errorsByCode.put(code, count);
    }
    count[0]++;
  }

  /** Error replies by code word; the arrays have one element. Engine thread. */
  public Map<String, long[]> errorsByCode() {
    return Collections.unmodifiableMap(errorsByCode);
  }

  /** {@code CONFIG RESETSTAT}: everything but {@link #changes}. */
  public void reset() {
    commandsProcessed = 0;
    errorReplies = 0;
    keyspaceHits = 0;
    keyspaceMisses = 0;
    errorsByCode.clear();
  }
}
