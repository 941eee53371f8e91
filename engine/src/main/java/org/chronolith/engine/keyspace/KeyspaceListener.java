package org.chronolith.engine.keyspace;

import org.chronolith.engine.Slice;

/**
 * What the keyspace reports while it works. Thread: the owner of the keyspace. The slice is valid
 * only during the call, and the keyspace must not be called from it.
 */
public interface KeyspaceListener {
  /** A key was removed since its time had come ({@link ExpiryMode#DELETE}). */
  void expired(int db, Slice key);

  /** A key was changed, added or removed; only while {@code Keyspace.watching(true)}. */
  void touched(int db, Slice key);
}
