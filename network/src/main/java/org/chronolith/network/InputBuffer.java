package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * What one socket is read into. As long as each read is consumed completely, that is the loop's own
 * read buffer and the connection has no memory of its own. Bytes left over move to a buffer of the
 * connection, and the socket is read right behind them until they are consumed.
 *
 * <p>That buffer doubles as bytes arrive, so that a large argument is copied a constant number of
 * times, and an announced one takes no memory before it comes.
 *
 * <p>Each socket is read once per turn.
 */
final class InputBuffer implements RecvByteBufAllocator {
  /** The socket is not read into less room than this. */
  private static final int SMALLEST_READ_BYTES = 16 << 10;

  private NetworkLoop loop;
  private ByteBuf kept;
  private long wantedBytes;
  private int keptBytesBeforeRead;

  InputBuffer(NetworkLoop loop) {
    this.loop = loop;
  }

  /** From now on the socket is read by {@code loop}. */
  void moveTo(NetworkLoop loop) {
    this.loop = loop;
  }

  /** Where unread bytes are; null if there are none. */
  ByteBuf kept() {
    return kept;
  }

  int keptBytes() {
    return kept == null ? 0 : kept.readableBytes();
  }

  /** Says how many bytes are needed, at most, before anything can be consumed; 0 = not known. */
  void wantedBytes(long bytes) {
    wantedBytes = bytes;
  }

  /**
   * Takes over what the channel has read: releases the channel's hold on the buffer, which stays
   * valid until {@link #keepUnread}.
   *
   * @return number of new bytes
   */
  int received(ByteBuf read) {
    read.release();
    return read.readableBytes() - keptBytesBeforeRead;
  }

  /** Saves what is unread in {@code buffer}: the loop's buffer or the kept one. */
  void keepUnread(ByteBuf buffer) {
    if (buffer == kept) {
      if (!kept.isReadable()) {
        release();
      }
    } else if (buffer.isReadable()) {
      kept = PooledByteBufAllocator.DEFAULT.directBuffer(buffer.readableBytes());
      kept.writeBytes(buffer);
    }
  }

  void release() {
    if (kept != null) {
      kept.release();
      kept = null;
    }
    wantedBytes = 0;
  }

  /** Where the next bytes go; retained for whoever {@link #received} takes it from. */
  ByteBuf readInto() {
    if (kept == null) {
      keptBytesBeforeRead = 0;
      return loop.readBuffer().clear().retain();
    }
    keptBytesBeforeRead = kept.readableBytes();
    makeRoom();
    return kept.retain();
  }

  private void makeRoom() {
    if (hasRoom()) {
      return;
    }
    if (kept.readableBytes() <= kept.capacity() / 2) {
      kept.discardReadBytes();
      if (hasRoom()) {
        return;
      }
    }
    Growth.makeRoom(kept, SMALLEST_READ_BYTES, wantedBytes);
  }

  private boolean hasRoom() {
    int room = kept.capacity() - kept.writerIndex();
    return room >= SMALLEST_READ_BYTES
        || (room > 0 && wantedBytes > 0 && kept.readerIndex() + wantedBytes <= kept.capacity());
  }

  @Override
  @SuppressWarnings("deprecation")
  public Handle newHandle() {
    return new OneReadPerTurn();
  }

  /** Tells Netty's channel where to read to, and that one read is enough. */
  @SuppressWarnings("deprecation")
  private final class OneReadPerTurn implements ExtendedHandle {
    private int attempted;
    private int last;

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      return readInto();
    }

    @Override
    public int guess() {
      return NetworkLoop.READ_BYTES;
    }

    @Override
    public void reset(ChannelConfig config) {
      last = 0;
    }

    @Override
    public void incMessagesRead(int messages) {
      // One message is one read, and there is one read per turn: nothing to count.
    }

    @Override
    public void lastBytesRead(int bytes) {
      last = bytes;
    }

    @Override
    public int lastBytesRead() {
      return last;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      attempted = bytes;
    }

    @Override
    public int attemptedBytesRead() {
      return attempted;
    }

    @Override
    public boolean continueReading() {
      return false;
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
      return false;
    }

    @Override
    public void readComplete() {
      // No statistics are kept: the buffer's size does not depend on them.
    }
  }
}
