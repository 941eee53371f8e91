package org.chronolith.engine.types;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;

/**
 * Takes elements out of their blocks for a moment, where an operation wants slices: conversions
 * from the compact form. It lives on the heap, is reused, and holds two elements at most.
 */
public final class ElementScratch {
  private static final int KEPT_BYTES = 64 << 10;

  private ByteBuf buffer = Unpooled.buffer(256);
  private final Slice first = new Slice();
  private final Slice second = new Slice();

  /** Forgets what was taken. */
  public ElementScratch clear() {
    if (buffer.capacity() > KEPT_BYTES) {
      buffer = Unpooled.buffer(256);
    }
    buffer.clear();
    return this;
  }

  /** A copy of the element, valid until {@link #clear}. */
  public Slice first(StoredBytes element) {
    return take(element, first);
  }

  /** A copy of a second element, valid until {@link #clear}. */
  public Slice second(StoredBytes element) {
    return take(element, second);
  }

  private Slice take(StoredBytes element, Slice slice) {
    int from = buffer.writerIndex();
    element.copyTo(buffer);
    return slice.set(buffer, from, element.length());
  }
}
