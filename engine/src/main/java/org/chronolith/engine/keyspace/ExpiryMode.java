package org.chronolith.engine.keyspace;

/** What becomes of a key whose time has come. */
public enum ExpiryMode {
  /** A master: it is removed when it is met, and reported. */
  DELETE,
  /** Clients of a replica: it looks absent, and stays until the master's DEL comes. */
  HIDE,
  /** The replication stream and recovery: it is there; nothing expires by the local clock. */
  IGNORE
}
