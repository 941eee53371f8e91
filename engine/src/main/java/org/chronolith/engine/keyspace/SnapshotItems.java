package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;

/** What tools read from the items of a snapshot without loading them. Stateless. */
public final class SnapshotItems {
  private static final int DATABASES_AT = 13;

  private SnapshotItems() {}

  /** Whether the item is a key of a database. */
  public static boolean isEntry(ByteBuf itemKey) {
    return itemKey.isReadable() && itemKey.getByte(itemKey.readerIndex()) == ItemKeys.ENTRY;
  }

  /** Whether the item is the header, which is the first one of every snapshot. */
  public static boolean isHeader(ByteBuf itemKey) {
    return itemKey.isReadable() && itemKey.getByte(itemKey.readerIndex()) == ItemKeys.HEADER;
  }

  /** The number of databases in the header's value; 0 if it is too short. */
  public static int databases(ByteBuf headerValue) {
    return headerValue.readableBytes() < DATABASES_AT + Integer.BYTES
        ? 0
        : headerValue.getInt(headerValue.readerIndex() + DATABASES_AT);
  }
}
