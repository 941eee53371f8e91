package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.engine.types.zset.ZsetValue;

/**
 * Writes values with the plain encoding of each type, which every Redis reads. Thread: the owner of
 * the keyspace, which must not change meanwhile.
 */
final class RdbValueWriter {
  private final Strings strings;
  private final CollectionTypes collections;
  private final ByteBuf out;
  private final Runnable elementWritten;
  private final StoredBytes element;
  private final RdbVersion version;

  /**
   * @param version of the file
   * @param out where the values go
   * @param elementWritten called behind each element, to empty {@code out} or to stop
   */
  RdbValueWriter(
      Keyspace keyspace,
      Strings strings,
      CollectionTypes collections,
      RdbVersion version,
      ByteBuf out,
      Runnable elementWritten) {
    this.strings = strings;
    this.collections = collections;
    this.version = version;
    this.out = out;
    this.elementWritten = elementWritten;
    this.element = new StoredBytes(keyspace.slabs());
  }

  /** What {@link #write} makes of the entry's value. */
  RdbType typeOf(Database db, long entry) {
    return RdbType.written(RdbCodec.of(db, entry), version);
  }

  /** Writes the entry's value, without its type. */
  void write(Database db, long entry) {
    RdbCodec.of(db, entry).writer().write(this, db, entry);
  }

  void string(Database db, long entry) {
    length(strings.length(db, entry));
    strings.copyTo(db, entry, out);
  }

  void list(Database db, long entry) {
    ListValue list = collections.lists().open(db.encoding(entry), db.root(entry));
    length(list.size());
    for (boolean more = list.seek(0); more; more = list.next()) {
      list.element(element);
      bytes(element);
    }
  }

  void set(Database db, long entry) {
    SetValue set = collections.sets().open(db.encoding(entry), db.root(entry));
    length(set.size());
    set.forEach((member, none) -> bytes(member));
  }

  void hash(Database db, long entry) {
    HashValue hash = collections.hashes().open(db.encoding(entry), db.root(entry));
    length(hash.size());
    hash.forEach(
        (field, value) -> {
          bytes(field);
          bytes(value);
        });
  }

  void zset(Database db, long entry) {
    ZsetValue zset = collections.zsets().open(db.encoding(entry), db.root(entry));
    length(zset.size());
    boolean binary = typeOf(db, entry).form() == RdbType.Form.BINARY_SCORES;
    zset.forEach(
        (member, score) -> {
          bytes(member);
          score(binary, zset.score(score));
        });
  }

  private void score(boolean binary, double score) {
    if (binary) {
      out.writeDoubleLE(score);
    } else if (Double.isInfinite(score)) {
      out.writeByte(score > 0 ? RdbFormat.SCORE_INFINITE : RdbFormat.SCORE_MINUS_INFINITE);
    } else {
      String text = Double.toString(score);
      out.writeByte(text.length());
      out.writeCharSequence(text, StandardCharsets.US_ASCII);
    }
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
