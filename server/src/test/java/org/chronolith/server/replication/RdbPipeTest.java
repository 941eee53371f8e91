package org.chronolith.server.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RdbPipeTest {
  private static final int ALL_BYTES = 3 * RdbPipe.MOST_BYTES + 7;
  private static final long DEADLINE_S = 60;

  private final AtomicInteger changes = new AtomicInteger();
  private final RdbPipe pipe = new RdbPipe(changes::incrementAndGet);

  /** Writes the numbers from 0 on, as bytes, from a thread of its own. */
  private CompletableFuture<Void> write() {
    return CompletableFuture.runAsync(
        () -> {
          ByteBuffer all = ByteBuffer.allocate(ALL_BYTES);
          while (all.hasRemaining()) {
            all.put((byte) all.position());
          }
          all.flip();
          try {
            while (all.hasRemaining()) {
              pipe.write(all);
            }
          } catch (IOException e) {
            throw new java.util.concurrent.CompletionException(e);
          }
          pipe.end();
        },
        task -> new Thread(task, "rdb-0").start());
  }

  @Test
  void shouldHoldNoMoreThanItsLimitAndLoseNothing() throws Exception {
    final CompletableFuture<Void> writing = write();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_S);
    // It does not go on: its thread waits for the reader.
    while (changes.get() < RdbPipe.MOST_BYTES / (64 << 10)) {
      assertTrue(System.nanoTime() < deadline);
      Thread.onSpinWait();
    }
    int read = 0;
    while (!pipe.isAtEnd()) {
      assertTrue(System.nanoTime() < deadline);
      ByteBuf chunk = pipe.poll();
      if (chunk == null) {
        Thread.onSpinWait();
        continue;
      }
      while (chunk.isReadable()) {
        assertEquals((byte) read++, chunk.readByte());
      }
      chunk.release();
      int written = changes.get() * (64 << 10);
      assertTrue(written - read <= RdbPipe.MOST_BYTES + (128 << 10), written + " written, " + read);
    }
    assertEquals(ALL_BYTES, read);
    writing.get(DEADLINE_S, TimeUnit.SECONDS);
    assertNull(pipe.poll());
  }

  @Test
  void shouldEndTheWritingWhenTheReaderIsGone() {
    CompletableFuture<Void> writing = write();
    pipe.close();
    ExecutionException ended =
        assertThrows(ExecutionException.class, () -> writing.get(DEADLINE_S, TimeUnit.SECONDS));
    assertInstanceOf(ClosedChannelException.class, ended.getCause());
    assertFalse(pipe.isOpen());
    assertNull(pipe.poll());
  }

  @Test
  void shouldTellTheReaderWhyTheEndDoesNotCome() {
    IOException damaged = new IOException("damaged");
    assertTrue(pipe.isWaiting());
    assertNull(pipe.failure());
    pipe.fail(damaged);
    assertSame(damaged, pipe.failure());
    assertEquals(1, changes.get());
    assertFalse(pipe.isAtEnd());
  }
}
