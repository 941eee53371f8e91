package org.chronolith.engine.keyspace;

import org.chronolith.engine.Slice;

/**
 * Hears of what happens to keys beside the commands. Called on the owner thread, in the middle of
 * an operation: it must not call the keyspace, and copies the key if it keeps it.
 */
public interface KeyspaceListener {
  /**
   * Whether a key whose time has passed may be removed now. If not, it looks absent and stays, as
   * in {@link ExpiryMode#HIDE}.
   */
  default boolean mayExpire(Slice key) {
    return true;
  }

  /** A key's time passed and it was removed: the server propagates {@code DEL}. */
  void expired(int database, Slice key);

  /** A key is about to change, be created or be removed; only while {@link Keyspace#watching}. */
  void touched(int database, Slice key);
}
