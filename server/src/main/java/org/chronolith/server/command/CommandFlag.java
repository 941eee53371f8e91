package org.chronolith.server.command;

import java.util.Locale;

/** Properties of a command, with the names that {@code COMMAND INFO} gives them in Redis 7.0. */
public enum CommandFlag {
  WRITE,
  READONLY,
  DENYOOM,
  ADMIN,
  PUBSUB,
  NOSCRIPT,
  BLOCKING,
  LOADING,
  STALE,
  ASKING,
  SKIP_MONITOR,
  SKIP_SLOWLOG,
  FAST,
  NO_AUTH,
  MAY_REPLICATE,
  NO_MULTI,
  MOVABLEKEYS,
  ALLOW_BUSY,
  NO_ASYNC_LOADING;

  /** The name on the wire, such as {@code no_multi}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
