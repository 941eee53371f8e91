package org.chronolith.server.info;

/** What {@code INFO} wants to know of the keyspace. Engine thread. */
public interface KeyspaceFigures {

  /** Bytes of keys, values and their index. */
  long usedMemoryBytes();

  /** Bytes of memory taken from the system for them. */
  long reservedMemoryBytes();

  /** Number of databases. */
  int databases();

  long keys(int db);

  /** Keys with an expiry. */
  long keysExpiring(int db);

  /** Mean time to live of those, estimated; 0 if unknown. */
  long averageTtlMs(int db);
}
