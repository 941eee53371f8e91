package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Bytes on their way out: a chunk that is being filled, and the full ones before it. A chunk never
 * grows beyond {@value #CHUNK_BYTES} bytes except to hold one larger item, so that a reply of any
 * size is written without copying what was written before.
 */
final class OutputBuffer {
  static final int CHUNK_BYTES = 64 << 10;
  private static final int SMALLEST_CHUNK_BYTES = 256;

  private final ByteBufAllocator allocator;
  private final Runnable onFirstByte;
  private final List<ByteBuf> sealed = new ArrayList<>(2);
  private ByteBuf current;
  private long takenBytes;
  private long sealedBytes;
  private int nextChunkBytes = SMALLEST_CHUNK_BYTES;

  /**
   * @param onFirstByte called when there is something to take after there was no open chunk
   */
  OutputBuffer(ByteBufAllocator allocator, Runnable onFirstByte) {
    this.allocator = allocator;
    this.onFirstByte = onFirstByte;
  }

  /** The open chunk with room for at least {@code bytes} more. */
  ByteBuf room(int bytes) {
    ByteBuf chunk = current;
    if (chunk != null && chunk.capacity() - chunk.writerIndex() >= bytes) {
      return chunk;
    }
    return makeRoom(bytes);
  }

  private ByteBuf makeRoom(int bytes) {
    if (current == null) {
      current = allocator.directBuffer(Math.max(bytes, nextChunkBytes));
      onFirstByte.run();
      return current;
    }
    int wanted = current.writerIndex() + bytes;
    if (wanted <= CHUNK_BYTES) {
      current.capacity(Math.min(CHUNK_BYTES, Integer.highestOneBit(wanted - 1) << 1));
      return current;
    }
    seal();
    current = allocator.directBuffer(Math.max(bytes, CHUNK_BYTES));
    return current;
  }

  /** Closes the open chunk: what follows goes into a new one. */
  void seal() {
    if (current != null) {
      if (current.isReadable()) {
        sealed.add(current);
        sealedBytes += current.readableBytes();
      } else {
        current.release();
      }
      current = null;
    }
  }

  /** Number of bytes ever written, less those rewound. */
  long position() {
    return takenBytes + pendingBytes();
  }

  /** Bytes that have not been taken. */
  long pendingBytes() {
    return sealedBytes + (current == null ? 0 : current.readableBytes());
  }

  /** Drops what was written after {@code position}, which must not have been taken. */
  void rewind(long position) {
    long excess = position() - position;
    if (position < takenBytes || excess < 0) {
      throw new IllegalArgumentException(
          "cannot rewind to " + position + " in [" + takenBytes + ", " + position() + "]");
    }
    while (excess > 0) {
      if (current == null) {
        current = sealed.remove(sealed.size() - 1);
        sealedBytes -= current.readableBytes();
      }
      int drop = (int) Math.min(excess, current.readableBytes());
      current.writerIndex(current.writerIndex() - drop);
      excess -= drop;
      if (!current.isReadable() && excess > 0) {
        current.release();
        current = null;
      }
    }
    if (current != null && !current.isReadable()) {
      // A flush that finds nothing leaves it open, and then nobody would be told of the next byte.
      current.release();
      current = null;
    }
  }

  /** Puts {@code bytes[0, length)} before what was written at {@code position}. */
  void insert(long position, byte[] bytes, int length) {
    long inCurrent = position - takenBytes - sealedBytes;
    if (inCurrent >= 0) {
      int tail = (int) (pendingBytes() - sealedBytes - inCurrent);
      if (tail == 0) {
        room(length).writeBytes(bytes, 0, length);
        return;
      }
      if (tail <= CHUNK_BYTES && current.capacity() - current.writerIndex() >= length) {
        int at = current.readerIndex() + (int) inCurrent;
        // The regions overlap; a copy this small is one memmove.
        current.setBytes(at + length, current, at, tail);
        current.setBytes(at, bytes, 0, length);
        current.writerIndex(current.writerIndex() + length);
        return;
      }
      seal();
    }
    insertBetweenChunks(position, bytes, length);
  }

  private void insertBetweenChunks(long position, byte[] bytes, int length) {
    long before = position - takenBytes;
    int index = 0;
    while (before > 0 && before >= sealed.get(index).readableBytes()) {
      before -= sealed.get(index++).readableBytes();
    }
    ByteBuf header = allocator.directBuffer(length).writeBytes(bytes, 0, length);
    if (before > 0) {
      ByteBuf chunk = sealed.get(index);
      ByteBuf head = chunk.readRetainedSlice((int) before);
      sealed.add(index, head);
      index++;
    }
    sealed.add(index, header);
    sealedBytes += length;
  }

  /**
   * Hands chunks of together {@code bytes} bytes, counted from the oldest, to {@code taker}, who
   * releases them. {@code bytes} must end where a chunk was sealed, or be all there is.
   */
  void take(long bytes, Consumer<ByteBuf> taker) {
    if (bytes == pendingBytes()) {
      if (current != null) {
        int size = current.writerIndex();
        nextChunkBytes =
            Math.max(
                SMALLEST_CHUNK_BYTES,
                Math.min(CHUNK_BYTES, Integer.highestOneBit(Math.max(1, size)) << 1));
      }
      if (sealed.isEmpty()) {
        ByteBuf only = current;
        current = null;
        takenBytes += bytes;
        hand(only, taker);
        return;
      }
      seal();
    }
    long left = bytes;
    int index = 0;
    while (left > 0) {
      ByteBuf chunk = sealed.get(index++);
      left -= chunk.readableBytes();
      sealedBytes -= chunk.readableBytes();
      takenBytes += chunk.readableBytes();
      taker.accept(chunk);
    }
    if (left < 0) {
      throw new IllegalStateException("not a chunk boundary: " + bytes);
    }
    sealed.subList(0, index).clear();
  }

  private static void hand(ByteBuf chunk, Consumer<ByteBuf> taker) {
    if (chunk == null) {
      return;
    }
    if (chunk.isReadable()) {
      taker.accept(chunk);
    } else {
      chunk.release();
    }
  }

  /** Drops everything. */
  void release() {
    seal();
    for (ByteBuf chunk : sealed) {
      chunk.release();
    }
    takenBytes += sealedBytes;
    sealed.clear();
    sealedBytes = 0;
  }
}
