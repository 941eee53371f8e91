package org.chronolith.server.recovery;

import io.netty.buffer.ByteBuf;

/** The keyspace that a start or a full sync fills. Thread: {@code loader}. */
public interface RecoveryTarget {
  /** An item of the checkpoint, in order of keys; the buffers are valid during the call. */
  void item(ByteBuf key, ByteBuf value);

  /** The checkpoint has no more items. Not called when there is no checkpoint. */
  void itemsEnd();

  /** The database that the stream has selected where the next bytes start. */
  void select(int db);

  /** Applies the complete commands at the start of {@code bytes} and moves its reader index. */
  void apply(ByteBuf bytes);

  /** Commands of the stream that were applied. */
  long appliedCommands();

  /** The stream's database after what was applied. */
  int db();
}
