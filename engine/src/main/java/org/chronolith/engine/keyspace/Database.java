package org.chronolith.engine.keyspace;

/** One of the numbered databases. Thread: the owner of the keyspace. */
public final class Database {
  private Database() {}

  /** Number of keys, expired ones that were not yet met included. */
  public long size() {
    throw new UnsupportedOperationException();
  }
}
