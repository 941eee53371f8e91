package org.chronolith.server.commands.sorting;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.server.command.Dataset;

/**
 * A name with a {@code *} that stands for an element, and perhaps {@code ->field} behind it: the
 * string of that key, or the field of that hash. {@code #} is the element itself. Refers to the
 * request's bytes.
 */
final class SortPattern {
  private final Slice pattern;
  private final int star;
  private final int arrow;

  SortPattern(Slice pattern) {
    this.pattern = pattern;
    star = indexOf('*', 0);
    arrow = star < 0 ? -1 : arrowBehind(star);
  }

  private int indexOf(char wanted, int from) {
    for (int i = from; i < pattern.length(); i++) {
      if (pattern.get(i) == wanted) {
        return i;
      }
    }
    return -1;
  }

  /** The first arrow, if a field's name follows it. */
  private int arrowBehind(int from) {
    for (int at = indexOf('-', from); at >= 0; at = indexOf('-', at + 1)) {
      if (at + 1 < pattern.length() && pattern.get(at + 1) == '>') {
        return at + 2 < pattern.length() ? at : -1;
      }
    }
    return -1;
  }

  /** Whether it names the same key for all elements. */
  boolean isConstant() {
    return star < 0;
  }

  private boolean isElement() {
    return pattern.length() == 1 && pattern.get(0) == '#';
  }

  /**
   * Appends what the pattern stands for.
   *
   * @param name holds the key's name afterwards
   * @return false if there is no such key, or it has another type
   */
  boolean look(Dataset dataset, Database db, Slice element, ByteBuf name, ByteBuf out) {
    if (isElement()) {
      append(element, 0, element.length(), out);
      return true;
    }
    if (star < 0) {
      return false;
    }
    name.clear();
    append(pattern, 0, star, name);
    append(element, 0, element.length(), name);
    append(pattern, star + 1, arrow < 0 ? pattern.length() : arrow, name);
    Slice key = new Slice(name, 0, name.readableBytes());
    long entry = db.find(key);
    if (entry == 0) {
      return false;
    }
    if (arrow >= 0) {
      return db.type(entry) == ValueType.HASH && field(dataset, db, key, out);
    }
    if (db.type(entry) != ValueType.STRING) {
      return false;
    }
    dataset.strings().copyTo(db, entry, out);
    return true;
  }

  private boolean field(Dataset dataset, Database db, Slice key, ByteBuf out) {
    int from = arrow + 2;
    Slice field = new Slice(pattern.buffer(), pattern.offset() + from, pattern.length() - from);
    StoredBytes value = dataset.collections().value();
    dataset.collections().hashes().find(db, key);
    if (!dataset.collections().hashes().get(field, value)) {
      return false;
    }
    value.copyTo(out);
    return true;
  }

  private static void append(Slice from, int start, int end, ByteBuf out) {
    out.writeBytes(from.buffer(), from.offset() + start, end - start);
  }
}
