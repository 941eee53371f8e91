package org.chronolith.engine.types;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.structure.StoredBytes;

/** A collection under test beside its model; elements are compared as text. */
interface Subject {
  TypeSupport type();

  int encoding();

  long root();

  long size();

  /** One random operation on both, with its results compared. */
  void step(Random random, boolean growing);

  /** Adds an element of this length to both. */
  void add(int length);

  /** The collection's root is now this one. */
  void moved(long root);

  /** Forgets the collection, which was freed, and empties the model. */
  void clear();

  /** The model's elements in a comparable order. */
  List<String> expected();

  /** A collection's elements in the same order. */
  List<String> read(int encoding, long root);

  static String text(StoredBytes element) {
    ByteBuf out = Unpooled.buffer();
    element.copyTo(out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  static org.chronolith.engine.Slice slice(String text) {
    return SnapshotModel.slice(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Mostly short words that repeat; sometimes one beyond the limits. */
  static String word(Random random, int kinds) {
    String word = "w" + random.nextInt(kinds);
    int kind = random.nextInt(400);
    return kind == 0
        ? word + "x".repeat(random.nextInt(40_000))
        : kind < 30 ? word + "-".repeat(random.nextInt(30)) : word;
  }
}
