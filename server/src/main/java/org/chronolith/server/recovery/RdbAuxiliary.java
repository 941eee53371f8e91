package org.chronolith.server.recovery;

import java.util.LinkedHashMap;
import java.util.Map;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.server.config.ServerVersion;

/** The auxiliary fields at the start of the RDBs that this server writes, in Redis's order. */
public final class RdbAuxiliary {
  private RdbAuxiliary() {}

  /**
   * Of a state that a replication stream goes on from, as a checkpoint has it.
   *
   * @param replicationId under which it goes on
   */
  public static Map<String, String> of(SnapshotMeta state, String replicationId) {
    return of(state.createdMs(), state.selectedDb(), replicationId, state.offset());
  }

  /**
   * Of a state that a replication stream goes on from.
   *
   * @param createdMs wall clock of the state
   * @param selectedDb database that the stream has selected there
   * @param replicationId under which it goes on
   * @param offset of the last byte of the stream that is in it
   */
  public static Map<String, String> of(
      long createdMs, int selectedDb, String replicationId, long offset) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("redis-ver", ServerVersion.REDIS);
    fields.put("redis-bits", "64");
    fields.put("ctime", Long.toString(createdMs / 1000));
    fields.put("repl-stream-db", Integer.toString(selectedDb));
    fields.put("repl-id", replicationId);
    fields.put("repl-offset", Long.toString(offset));
    fields.put("aof-base", "0");
    return fields;
  }
}
