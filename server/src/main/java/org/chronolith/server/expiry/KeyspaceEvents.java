package org.chronolith.server.expiry;

import java.util.function.LongPredicate;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.KeyspaceListener;
import org.chronolith.server.client.Watches;
import org.chronolith.server.write.Effects;

/**
 * What the keyspace reports while commands run: an expired key becomes a {@code DEL} of its own in
 * the stream, before the effect of the command that met it; a touched key breaks its watches.
 *
 * <p>Thread: engine.
 */
public final class KeyspaceEvents implements KeyspaceListener {
  /** What a DEL takes besides its key, a SELECT before it included. */
  private static final int DEL_BYTES = 64;

  private final Effects effects;
  private final Watches watches;
  private final LongPredicate logHasRoom;
  private long expiredKeys;

  /**
   * @param logHasRoom whether effects of the server's own may grow by so many bytes now
   */
  public KeyspaceEvents(Effects effects, Watches watches, LongPredicate logHasRoom) {
    this.effects = effects;
    this.watches = watches;
    this.logHasRoom = logHasRoom;
  }

  /** When even the log's reserve is spent, expired keys stay, unseen, until there is space. */
  @Override
  public boolean mayExpire(Slice key) {
    return logHasRoom.test(key.length() + DEL_BYTES);
  }

  @Override
  public void expired(int db, Slice key) {
    expiredKeys++;
    effects.expired(db, key);
  }

  @Override
  public void touched(int db, Slice key) {
    watches.touched(db, key);
  }

  /** {@code expired_keys}. */
  public long expiredKeys() {
    return expiredKeys;
  }

  /** {@code CONFIG RESETSTAT}. */
  public void resetStats() {
    expiredKeys = 0;
  }
}
