package org.chronolith.server.config;

/** Who may use a dangerous command: nobody, everybody, or connections from this machine. */
public enum AccessLevel {
  NO,
  YES,
  LOCAL
}
