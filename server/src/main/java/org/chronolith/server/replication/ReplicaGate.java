package org.chronolith.server.replication;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;
import org.chronolith.server.config.ServerConfig;

/** A replica takes writes from its master alone, and may be told not to answer with old data. */
final class ReplicaGate implements Gate {
  private final Replication replication;
  private final ServerConfig config;

  ReplicaGate(Replication replication, ServerConfig config) {
    this.replication = replication;
    this.config = config;
  }

  @Override
  public String refuse(Call call) {
    if (!replication.isReplica()) {
      return null;
    }
    if (call.writes()) {
      return "READONLY You can't write against a read only replica.";
    }
    if (!call.spec().isStale() && !config.replicaServeStaleData() && !replication.linkUp()) {
      return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    }
    return null;
  }
}
