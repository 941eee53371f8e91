package org.chronolith.server.replication;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;
import org.chronolith.server.config.ServerConfig;

/**
 * {@code min-replicas-to-write}: a master takes writes only while so many replicas have
 * acknowledged something lately.
 */
final class GoodReplicasGate implements Gate {
  private static final long SECOND_MS = 1_000;

  private final Replication replication;
  private final ServerConfig config;

  GoodReplicasGate(Replication replication, ServerConfig config) {
    this.replication = replication;
    this.config = config;
  }

  /** Whether the configuration asks for any. */
  static boolean isEffective(ServerConfig config) {
    return config.minReplicasToWrite() > 0 && config.minReplicasMaxLagSeconds() > 0;
  }

  /** Replicas that are fed, and were heard of within the lag. */
  static int good(Replication replication, ServerConfig config, long nowMs) {
    int good = 0;
    for (ReplicaFeed feed : replication.replicas().feeds()) {
      long lagSeconds = nowMs / SECOND_MS - feed.ackMs() / SECOND_MS;
      if (feed.isOnline() && lagSeconds <= config.minReplicasMaxLagSeconds()) {
        good++;
      }
    }
    return good;
  }

  @Override
  public String refuse(Call call) {
    if (!isEffective(config) || !call.writes() || replication.isReplica()) {
      return null;
    }
    return good(replication, config, replication.nowMs()) < config.minReplicasToWrite()
        ? "NOREPLICAS Not enough good replicas to write."
        : null;
  }
}
