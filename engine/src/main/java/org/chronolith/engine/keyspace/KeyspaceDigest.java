package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * {@code DEBUG DIGEST} as redis-server 7.0 computes it: per key, the key, the type, the value and
 * the presence of an expiry are mixed; the keys of a database are xored, so their order does not
 * matter.
 */
final class KeyspaceDigest {
  private static final byte[] EXPIRE = "!!expire!!".getBytes(StandardCharsets.US_ASCII);

  private final Keyspace keyspace;
  private final Entries entries;
  private final ByteBuf scratch = Unpooled.directBuffer(256);
  private final ValueDigest total = new ValueDigest(scratch);
  private final ValueDigest one = new ValueDigest(scratch);

  KeyspaceDigest(Keyspace keyspace) {
    this.keyspace = keyspace;
    this.entries = keyspace.entries();
  }

  byte[] compute() {
    for (int i = 0; i < keyspace.databases(); i++) {
      Space space = keyspace.database(i).space();
      if (space.size() == 0) {
        continue;
      }
      total.scratch().writeInt(i);
      total.mix();
      long cursor = 0;
      do {
        cursor = keyspace.table().scan(space.index, cursor, this::add);
      } while (cursor != 0);
    }
    scratch.release();
    return total.bytes();
  }

  private void add(long entry) {
    int kind = entries.kind(entry);
    one.reset();
    entries.copyKey(entry, one.scratch());
    one.mix();
    one.scratch().writeInt(Entries.type(kind));
    one.mix();
    entries.read(entry);
    if (keyspace.form(kind) == ValueForm.INLINE) {
      keyspace.slabs().copyOut(entry, entries.valueAt, entries.valueLength, one.scratch());
      one.mix();
    } else {
      long root = keyspace.slabs().getLong(entry, entries.valueAt);
      keyspace.type(kind).digest(Entries.encoding(kind), root, one);
    }
    if ((kind & Entries.EXPIRES) != 0) {
      one.scratch().writeBytes(EXPIRE);
      one.xor();
    }
    total.scratch().writeBytes(one.bytes());
    total.xor();
  }
}
