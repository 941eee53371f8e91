package org.chronolith.server.recovery;

import java.util.LinkedHashMap;
import java.util.Map;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.server.config.ServerVersion;

/** The auxiliary fields at the start of the RDBs that this server writes, in Redis's order. */
public final class RdbAuxiliary {
  private RdbAuxiliary() {}

  /**
   * Of data that belongs to no stream.
   *
   * @param createdMs wall clock of the state
   */
  public static Map<String, String> ofData(long createdMs) {
    return ended(begun(createdMs));
  }

  /**
   * Of a state that a replication stream goes on from.
   *
   * @param replicationId under which it goes on
   */
  public static Map<String, String> ofStream(SnapshotMeta state, String replicationId) {
    Map<String, String> fields = begun(state.createdMs());
    fields.put("repl-stream-db", Integer.toString(state.selectedDb()));
    fields.put("repl-id", replicationId);
    fields.put("repl-offset", Long.toString(state.offset()));
    return ended(fields);
  }

  private static Map<String, String> begun(long createdMs) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("redis-ver", ServerVersion.REDIS);
    fields.put("redis-bits", "64");
    fields.put("ctime", Long.toString(createdMs / 1000));
    return fields;
  }

  private static Map<String, String> ended(Map<String, String> fields) {
    fields.put("aof-base", "0");
    return fields;
  }
}
