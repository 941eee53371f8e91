package org.chronolith.server.config;

/**
 * A configuration that cannot be started with. The message is the whole report, in Redis's form:
 * the place, the offending line and the reason, ready to be printed on standard error.
 */
public final class ConfigException extends Exception {

  public ConfigException(String report) {
    super(report, null, false, false);
  }

  ConfigException(String report, Throwable cause) {
    super(report, cause);
  }

  static ConfigException at(ConfigEntry entry, String reason) {
    return new ConfigException(
        banner() + entry.origin() + "\n>>> '" + entry.text() + "'\n" + reason);
  }

  static ConfigException general(String reason) {
    return new ConfigException(banner() + reason);
  }

  private static String banner() {
    return "*** FATAL CONFIG FILE ERROR (Chronolith "
        + ServerVersion.CHRONOLITH
        + ", Redis "
        + ServerVersion.REDIS
        + ") ***\n";
  }
}
