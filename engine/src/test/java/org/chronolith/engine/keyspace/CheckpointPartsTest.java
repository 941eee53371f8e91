package org.chronolith.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.Supplier;
import org.chronolith.engine.snapshot.CheckpointReader;
import org.junit.jupiter.api.Test;

class CheckpointPartsTest {
  private int open;

  /** Has no items, or no memory for the first one. */
  private final class Reader implements CheckpointReader {
    private final boolean fails;

    Reader(boolean fails) {
      this.fails = fails;
      open++;
    }

    @Override
    public boolean next() {
      if (fails) {
        throw new OutOfMemoryError("for the test");
      }
      return false;
    }

    @Override
    public boolean seek(byte[] from) {
      return false;
    }

    @Override
    public ByteBuf key() {
      throw new IllegalStateException();
    }

    @Override
    public ByteBuf value() {
      throw new IllegalStateException();
    }

    @Override
    public void close() {
      open--;
    }
  }

  private void failsWith(List<Supplier<CheckpointReader>> readers) {
    Queue<Supplier<CheckpointReader>> left = new ArrayDeque<>(readers);
    assertThrows(
        OutOfMemoryError.class, () -> new CheckpointParts(() -> left.remove().get()).close());
    assertEquals(0, open);
  }

  @Test
  void shouldCloseBothReadersAfterAnError() {
    failsWith(List.of(() -> new Reader(true), () -> new Reader(false)));
  }

  @Test
  void shouldCloseTheFirstReaderIfThereIsNoMemoryForTheSecond() {
    failsWith(
        List.of(
            () -> new Reader(false),
            () -> {
              throw new OutOfMemoryError("for the test");
            }));
  }
}
