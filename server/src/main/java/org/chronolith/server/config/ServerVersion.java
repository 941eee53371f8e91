package org.chronolith.server.config;

/** The versions that this server names: its own, and that of the Redis whose behaviour it has. */
public final class ServerVersion {

  /** The Redis version whose commands, replies, directives and INFO fields are served. */
  public static final String REDIS = "7.0.15";

  /** Chronolith's own version. */
  public static final String CHRONOLITH = "0.1.0";

  private ServerVersion() {}
}
