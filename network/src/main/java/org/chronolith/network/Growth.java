package org.chronolith.network;

import io.netty.buffer.ByteBuf;

/** How a buffer grows in which a request, or a command of a stream, is gathered. */
public final class Growth {
  /** The longest array, or so, that a JVM makes. */
  private static final int MOST_BYTES = Integer.MAX_VALUE - 64;

  private Growth() {}

  /**
   * Gives {@code buffer} room for {@code moreBytes}: its double, and no further than to the end of
   * the argument that arrives. Netty's own steps are of 4 MiB for a large one, which is copied at
   * each; and what is announced costs memory only as far as it has arrived.
   *
   * @param wantedBytes from the reader index to that end; 0 if it is not known
   */
  public static void makeRoom(ByteBuf buffer, int moreBytes, long wantedBytes) {
    long least = (long) buffer.writerIndex() + moreBytes;
    if (least <= buffer.capacity()) {
      return;
    }
    long doubled = Math.max(2L * buffer.capacity(), least);
    long most = buffer.readerIndex() + wantedBytes;
    long capacity =
        wantedBytes > buffer.readableBytes() ? Math.max(least, Math.min(doubled, most)) : doubled;
    buffer.capacity((int) Math.min(capacity, MOST_BYTES));
  }
}
