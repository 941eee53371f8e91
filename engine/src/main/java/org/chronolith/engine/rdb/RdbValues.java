package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.Encoding;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.engine.types.zset.ScoreText;

/** Reads one value and gives it to a key, in place of what is there. */
final class RdbValues implements AutoCloseable {
  private static final int PLAIN_NODE = 1;
  private static final int PACKED_NODE = 2;
  private static final int SCORE_NAN = 253;
  private static final int SCORE_INFINITE = 254;
  private static final int SCORE_MINUS_INFINITE = 255;

  private final RdbInput in;
  private final Strings strings;
  private final CollectionTypes collections;
  private final PackedElements packed = new PackedElements();
  private final ByteBuf bytes = ByteBufAllocator.DEFAULT.directBuffer();
  private final ByteBuf first = ByteBufAllocator.DEFAULT.directBuffer();
  private final Slice element = new Slice();
  private final Slice pairKey = new Slice();
  private boolean halfPair;

  RdbValues(RdbInput in, Strings strings, CollectionTypes collections) {
    this.in = in;
    this.strings = strings;
    this.collections = collections;
  }

  /**
   * Reads a value. Until it is complete the key stays as it is.
   *
   * @return false if it is a collection without elements, which old servers may have written: then
   *     nothing has changed
   */
  boolean read(RdbType type, Database db, Slice key) throws IOException {
    if (type.kind() == RdbType.Kind.STRING) {
      strings.set(db, key, string("a value"), false);
      RdbInput.shrink(bytes);
      return true;
    }
    CollectionValue value = empty(type.kind());
    boolean complete = false;
    try {
      collection(type);
      complete = value.size() > 0;
    } finally {
      if (!complete) {
        value.discard(db.keyspace());
      }
    }
    if (complete) {
      value.storeAs(db, key);
    }
    return complete;
  }

  private CollectionValue empty(RdbType.Kind kind) {
    return switch (kind) {
      case LIST -> collections.lists().open(Encoding.COMPACT, 0);
      case SET -> collections.sets().open(Encoding.COMPACT, 0);
      case HASH -> collections.hashes().open(Encoding.COMPACT, 0);
      default -> collections.zsets().open(Encoding.COMPACT, 0);
    };
  }

  private void collection(RdbType type) throws IOException {
    halfPair = false;
    long start = in.offset();
    try {
      elements(type);
    } catch (PackedElements.Malformed e) {
      throw in.damagedAt(
          in.offset(), e.getMessage() + ", in the value that starts at byte " + start, e);
    }
    if (halfPair) {
      throw in.damaged("a " + type.label() + " has half a pair");
    }
    RdbInput.shrink(bytes);
    RdbInput.shrink(first);
  }

  private void elements(RdbType type) throws IOException {
    switch (type.form()) {
      case PLAIN -> plain(type.kind());
      case TEXT_SCORES, BINARY_SCORES -> scored(type.form());
      case QUICKLIST -> {
        for (long left = in.length("a count of nodes"); left > 0; left--) {
          piece(RdbType.Form.ZIPLIST, type.kind());
        }
      }
      case QUICKLIST_2 -> {
        for (long left = in.length("a count of nodes"); left > 0; left--) {
          node(in.length("a node's kind"), type.kind());
        }
      }
      default -> piece(type.form(), type.kind());
    }
  }

  private void plain(RdbType.Kind kind) throws IOException {
    for (long left = in.length("a count of elements"); left > 0; left--) {
      add(kind, string("an element"));
      if (kind == RdbType.Kind.HASH) {
        add(kind, string("a hash's value"));
      }
    }
  }

  private void scored(RdbType.Form form) throws IOException {
    for (long left = in.length("a count of members"); left > 0; left--) {
      Slice member = string("a member");
      double score =
          form == RdbType.Form.BINARY_SCORES
              ? Double.longBitsToDouble(in.littleEndian(Double.BYTES, "a score"))
              : textScore();
      addScored(member, score);
    }
  }

  private double textScore() throws IOException {
    int length = in.u8("a score");
    switch (length) {
      case SCORE_NAN:
        return Double.NaN;
      case SCORE_INFINITE:
        return Double.POSITIVE_INFINITY;
      case SCORE_MINUS_INFINITE:
        return Double.NEGATIVE_INFINITY;
      default:
        in.take(length, first.clear(), "a score");
        return ScoreText.parse(pairKey.set(first, 0, length));
    }
  }

  private void node(long nodeKind, RdbType.Kind kind) throws IOException {
    if (nodeKind == PLAIN_NODE) {
      add(kind, string("an element"));
    } else if (nodeKind == PACKED_NODE) {
      piece(RdbType.Form.LISTPACK, kind);
    } else {
      throw in.damaged("a quicklist node of kind " + nodeKind);
    }
  }

  private void piece(RdbType.Form form, RdbType.Kind kind) throws IOException {
    string("a packed value");
    packed.forEach(form, bytes, part -> add(kind, part));
  }

  private Slice string(String what) throws IOException {
    in.string(bytes.clear(), what);
    return element.set(bytes, 0, bytes.readableBytes());
  }

  private void add(RdbType.Kind kind, Slice part) {
    switch (kind) {
      case LIST -> collections.lists().pushLast(part);
      case SET -> {
        if (!collections.sets().add(part)) {
          throw in.damaged("a set has a member twice");
        }
      }
      default -> pair(kind, part);
    }
  }

  /** The first half waits in a buffer of its own until the second has come. */
  private void pair(RdbType.Kind kind, Slice part) {
    if (!halfPair) {
      first.clear().writeBytes(part.buffer(), part.offset(), part.length());
      halfPair = true;
      return;
    }
    halfPair = false;
    pairKey.set(first, 0, first.readableBytes());
    if (kind == RdbType.Kind.ZSET) {
      addScored(pairKey, ScoreText.parse(part));
    } else if (!collections.hashes().set(pairKey, part)) {
      throw in.damaged("a hash has a field twice");
    }
  }

  private void addScored(Slice member, double score) {
    if (Double.isNaN(score)) {
      throw in.damaged("a score that is not a number");
    }
    if (!collections.zsets().set(member, score)) {
      throw in.damaged("a sorted set has a member twice");
    }
  }

  @Override
  public void close() {
    packed.close();
    bytes.release();
    first.release();
  }
}
