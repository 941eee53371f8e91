package org.chronolith.engine.snapshot;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;

/** Writes batches as a walk over the keyspace does. */
final class Batches {
  private final ByteBuf bytes;

  private Batches(ByteBuf bytes) {
    this.bytes = bytes;
  }

  static Batches direct() {
    return new Batches(ByteBufAllocator.DEFAULT.directBuffer());
  }

  static Batches heap() {
    return new Batches(ByteBufAllocator.DEFAULT.heapBuffer());
  }

  Batches put(String key, String value) {
    return put(key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }

  Batches put(byte[] key, byte[] value) {
    bytes.writeByte(BatchSink.PUT);
    part(key);
    part(value);
    return this;
  }

  Batches delete(String key) {
    bytes.writeByte(BatchSink.DELETE);
    part(key.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Batches deleteRange(String from, String end) {
    bytes.writeByte(BatchSink.DELETE_RANGE);
    part(from.getBytes(StandardCharsets.UTF_8));
    part(end.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  ByteBuf build() {
    return bytes;
  }

  private void part(byte[] part) {
    bytes.writeInt(part.length);
    bytes.writeBytes(part);
  }
}
