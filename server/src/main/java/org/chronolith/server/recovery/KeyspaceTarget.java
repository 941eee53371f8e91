package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceLoader;
import org.chronolith.server.command.StreamExecutor;

/**
 * A new keyspace that is filled from a checkpoint and from the stream, before the engine adopts it.
 *
 * <p>Thread: {@code loader}, which owns the keyspace until then.
 */
public final class KeyspaceTarget implements RecoveryTarget {
  private final KeyspaceLoader loader;
  private final StreamExecutor stream;

  /**
   * REQUIRES: the calling thread owns {@code keyspace}, which is empty.
   *
   * @param stream applies commands to {@code keyspace} with {@code ExpiryMode.IGNORE}
   */
  public KeyspaceTarget(Keyspace keyspace, StreamExecutor stream) {
    this.loader = keyspace.loader();
    this.stream = stream;
  }

  @Override
  public void item(ByteBuf key, ByteBuf value) {
    loader.item(key, value);
  }

  @Override
  public void itemsEnd() {
    loader.finish();
  }

  @Override
  public void select(int db) {
    stream.select(db);
  }

  @Override
  public void apply(ByteBuf bytes) {
    stream.apply(bytes);
    stream.checkApplied();
  }

  @Override
  public long appliedCommands() {
    return stream.appliedCommands();
  }

  @Override
  public int db() {
    return stream.db();
  }
}
