package org.chronolith.engine.rdb;

import java.util.Map;

/**
 * What an RDB was.
 *
 * @param version of the format
 * @param auxiliary the fields at its start, such as {@code redis-ver}
 * @param keys in all databases
 * @param bytes of the whole
 */
public record RdbContents(int version, Map<String, String> auxiliary, long keys, long bytes) {
  private static final String STREAM_DB = "repl-stream-db";

  public RdbContents {
    auxiliary = Map.copyOf(auxiliary);
  }

  /** The database that the replication stream has selected where it goes on after this; or 0. */
  public int streamDb() {
    try {
      return Math.max(0, Integer.parseInt(auxiliary.getOrDefault(STREAM_DB, "0")));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
