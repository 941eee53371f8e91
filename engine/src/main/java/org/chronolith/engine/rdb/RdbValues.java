package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.engine.types.zset.ScoreText;

/** Reads one value and gives it to a key, in place of what is there. */
final class RdbValues implements AutoCloseable {
  private static final int PLAIN_NODE = 1;
  private static final int PACKED_NODE = 2;

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
    if (!type.codec().isCollection()) {
      strings.set(db, key, string("a value"), false);
      RdbInput.shrink(bytes);
      return true;
    }
    CollectionValue value = type.codec().empty(collections);
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
      case PLAIN -> plain(type.codec());
      case TEXT_SCORES, BINARY_SCORES -> scored(type.form());
      case QUICKLIST -> {
        for (long left = in.length("a count of nodes"); left > 0; left--) {
          piece(RdbType.Form.ZIPLIST, type.codec());
        }
      }
      case QUICKLIST_2 -> {
        for (long left = in.length("a count of nodes"); left > 0; left--) {
          node(in.length("a node's kind"), type.codec());
        }
      }
      default -> piece(type.form(), type.codec());
    }
  }

  private void plain(RdbCodec codec) throws IOException {
    for (long left = in.length("a count of elements"); left > 0; left--) {
      for (int part = 0; part < codec.partsEach(); part++) {
        add(codec, string("an element"));
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
      sound(RdbCodec.addScored(collections, member, score));
    }
  }

  private double textScore() throws IOException {
    int length = in.u8("a score");
    switch (length) {
      case RdbFormat.SCORE_NAN:
        return Double.NaN;
      case RdbFormat.SCORE_INFINITE:
        return Double.POSITIVE_INFINITY;
      case RdbFormat.SCORE_MINUS_INFINITE:
        return Double.NEGATIVE_INFINITY;
      default:
        in.take(length, first.clear(), "a score");
        return ScoreText.parse(pairKey.set(first, 0, length));
    }
  }

  private void node(long nodeKind, RdbCodec codec) throws IOException {
    if (nodeKind == PLAIN_NODE) {
      add(codec, string("an element"));
    } else if (nodeKind == PACKED_NODE) {
      piece(RdbType.Form.LISTPACK, codec);
    } else {
      throw in.damaged("a quicklist node of kind " + nodeKind);
    }
  }

  private void piece(RdbType.Form form, RdbCodec codec) throws IOException {
    string("a packed value");
    packed.forEach(form, bytes, part -> add(codec, part));
  }

  private Slice string(String what) throws IOException {
    in.string(bytes.clear(), what);
    return element.set(bytes, 0, bytes.readableBytes());
  }

  /** The first half of a pair waits in a buffer of its own until the second has come. */
  private void add(RdbCodec codec, Slice part) {
    if (codec.partsEach() == 1) {
      sound(codec.add(collections, part, null));
    } else if (!halfPair) {
      first.clear().writeBytes(part.buffer(), part.offset(), part.length());
      halfPair = true;
    } else {
      halfPair = false;
      pairKey.set(first, 0, first.readableBytes());
      sound(codec.add(collections, pairKey, part));
    }
  }

  private void sound(String damage) {
    if (damage != null) {
      throw in.damaged(damage);
    }
  }

  @Override
  public void close() {
    packed.close();
    bytes.release();
    first.release();
  }
}
