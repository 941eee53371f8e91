package org.chronolith.server.replication;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;

/**
 * An RDB on its way from the thread that makes it to the loop that sends it. Whoever writes waits
 * while the reader has enough, so a slow replica costs {@value #MOST_BYTES} bytes and a chunk.
 *
 * <p>Thread: {@code rdb} writes, ends and fails; the replication loop reads and closes.
 */
final class RdbPipe implements WritableByteChannel {
  static final int MOST_BYTES = 4 << 20;
  private static final int CHUNK_BYTES = 64 << 10;

  private final Runnable onChange;
  private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
  private long queuedBytes;
  private boolean ended;
  private Throwable failure;
  private boolean closed;

  /**
   * @param onChange there is more to read, or the end; on the thread that writes
   */
  RdbPipe(Runnable onChange) {
    this.onChange = onChange;
  }

  @Override
  public int write(ByteBuffer source) throws ClosedChannelException, InterruptedIOException {
    int length = Math.min(source.remaining(), CHUNK_BYTES);
    synchronized (this) {
      while (queuedBytes >= MOST_BYTES && !closed) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("this node stops");
        }
      }
      if (closed) {
        throw new ClosedChannelException();
      }
      ByteBuffer part = source.slice(source.position(), length);
      chunks.add(PooledByteBufAllocator.DEFAULT.directBuffer(length).writeBytes(part));
      queuedBytes += length;
    }
    source.position(source.position() + length);
    onChange.run();
    return length;
  }

  /** All was written. */
  void end() {
    synchronized (this) {
      ended = true;
    }
    onChange.run();
  }

  /** No more will be written. */
  void fail(Throwable cause) {
    synchronized (this) {
      failure = cause;
    }
    onChange.run();
  }

  /** The next bytes, which the caller takes over; null if there are none now. */
  synchronized ByteBuf poll() {
    ByteBuf chunk = chunks.poll();
    if (chunk != null) {
      queuedBytes -= chunk.readableBytes();
      notifyAll();
    }
    return chunk;
  }

  /** Whether all was read that was ever written. */
  synchronized boolean isAtEnd() {
    return ended && chunks.isEmpty();
  }

  /** Whether there is nothing to read, since the writer has not come so far. */
  synchronized boolean isWaiting() {
    return !ended && chunks.isEmpty();
  }

  /** Why the end will not come; null if it may. */
  synchronized Throwable failure() {
    return failure;
  }

  @Override
  public synchronized boolean isOpen() {
    return !closed;
  }

  /** Whoever writes is told. */
  @Override
  public synchronized void close() {
    closed = true;
    chunks.forEach(ByteBuf::release);
    chunks.clear();
    notifyAll();
  }
}
