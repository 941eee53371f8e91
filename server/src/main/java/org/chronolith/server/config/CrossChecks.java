package org.chronolith.server.config;

/** What no directive can check alone. */
final class CrossChecks {

  private CrossChecks() {}

  static void check(ServerConfig config) throws ConfigException {
    if (config.port() != 0 && config.port() == config.metricsPort()) {
      throw ConfigException.general(
          "'port' and 'metrics-port' are both " + config.port() + ": choose another for one");
    }
    if (config.replLogRetentionBytes() != 0
        && config.replLogRetentionBytes() < config.replBacklogSizeBytes()) {
      throw ConfigException.general(
          "'repl-log-retention-bytes' ("
              + config.replLogRetentionBytes()
              + ") is less than 'repl-backlog-size' ("
              + config.replBacklogSizeBytes()
              + "), which is kept in any case");
    }
    if (!config.masterUser().isEmpty() && config.masterAuth().isEmpty()) {
      throw ConfigException.general("'masteruser' is given without 'masterauth'");
    }
  }
}
