package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.engine.types.zset.ZsetValue;

/**
 * Writes values with the plain encoding of each type, which every Redis since 5.0 reads. Thread:
 * the owner of the keyspace, which must not change meanwhile.
 */
final class RdbValueWriter {
  private final Strings strings;
  private final CollectionTypes collections;
  private final ByteBuf out;
  private final Runnable elementWritten;
  private final StoredBytes element;

  /**
   * @param out where the values go
   * @param elementWritten called behind each element, to empty {@code out} or to stop
   */
  RdbValueWriter(
      Keyspace keyspace,
      Strings strings,
      CollectionTypes collections,
      ByteBuf out,
      Runnable elementWritten) {
    this.strings = strings;
    this.collections = collections;
    this.out = out;
    this.elementWritten = elementWritten;
    this.element = new StoredBytes(keyspace.slabs());
  }

  /** What {@link #write} makes of the entry's value. */
  static RdbType typeOf(Database db, long entry) {
    return switch (db.type(entry)) {
      case ValueType.STRING -> RdbType.STRING;
      case ValueType.LIST -> RdbType.LIST;
      case ValueType.SET -> RdbType.SET;
      case ValueType.HASH -> RdbType.HASH;
      case ValueType.ZSET -> RdbType.ZSET_2;
      default -> throw new IllegalStateException("value type " + db.type(entry));
    };
  }

  /** Writes the entry's value, without its type. */
  void write(Database db, long entry) {
    switch (typeOf(db, entry)) {
      case STRING -> string(db, entry);
      case LIST -> list(db, entry);
      case SET -> set(db, entry);
      case HASH -> hash(db, entry);
      default -> zset(db, entry);
    }
  }

  private void string(Database db, long entry) {
    length(strings.length(db, entry));
    strings.copyTo(db, entry, out);
  }

  private void list(Database db, long entry) {
    ListValue list = collections.lists().open(db.encoding(entry), db.root(entry));
    length(list.size());
    for (boolean more = list.seek(0); more; more = list.next()) {
      list.element(element);
      bytes(element);
    }
  }

  private void set(Database db, long entry) {
    SetValue set = collections.sets().open(db.encoding(entry), db.root(entry));
    length(set.size());
    set.forEach((member, none) -> bytes(member));
  }

  private void hash(Database db, long entry) {
    HashValue hash = collections.hashes().open(db.encoding(entry), db.root(entry));
    length(hash.size());
    hash.forEach(
        (field, value) -> {
          bytes(field);
          bytes(value);
        });
  }

  private void zset(Database db, long entry) {
    ZsetValue zset = collections.zsets().open(db.encoding(entry), db.root(entry));
    length(zset.size());
    zset.forEach(
        (member, score) -> {
          bytes(member);
          out.writeDoubleLE(zset.score(score));
        });
  }

  private void bytes(StoredBytes bytes) {
    length(bytes.length());
    bytes.copyTo(out);
    elementWritten.run();
  }

  private void length(long value) {
    length(out, value);
  }

  /** Writes a length. */
  static void length(ByteBuf out, long value) {
    if (value < 1 << 6) {
      out.writeByte((int) value);
    } else if (value < 1 << 14) {
      out.writeShort((int) value | 0x4000);
    } else if (value <= 0xffff_ffffL) {
      out.writeByte(0x80);
      out.writeInt((int) value);
    } else {
      out.writeByte(0x81);
      out.writeLong(value);
    }
  }
}
