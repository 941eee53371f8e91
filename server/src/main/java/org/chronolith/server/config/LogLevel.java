package org.chronolith.server.config;

/** How much is logged. */
public enum LogLevel {
  DEBUG,
  VERBOSE,
  NOTICE,
  WARNING
}
