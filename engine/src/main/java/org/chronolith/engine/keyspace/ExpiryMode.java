package org.chronolith.engine.keyspace;

/** What becomes of a key whose time has passed when a command meets it. */
public enum ExpiryMode {
  /** A master's: it is removed and reported. */
  DELETE,
  /** A replica's clients': it looks absent and stays. */
  HIDE,
  /** Applying a stream, recovering: it is there until the stream removes it. */
  IGNORE
}
