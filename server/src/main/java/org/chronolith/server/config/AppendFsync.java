package org.chronolith.server.config;

/** When the log is forced to disk. */
public enum AppendFsync {
  EVERYSEC,
  ALWAYS,
  NO
}
