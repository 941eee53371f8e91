package org.chronolith.engine;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * A run of bytes inside a buffer that somebody else owns: a key, a field, a value on its way in. It
 * is mutable and reused from command to command so that an argument costs no allocation; whoever
 * wants to keep the bytes copies them.
 *
 * <p>Thread: that of its owner. It never retains or releases the buffer.
 */
public final class Slice {
  private ByteBuf buffer;
  private int offset;
  private int length;

  public Slice() {}

  public Slice(ByteBuf buffer, int offset, int length) {
    set(buffer, offset, length);
  }

  /** Points this slice at {@code [offset, offset + length)} of {@code buffer}. */
  public Slice set(ByteBuf buffer, int offset, int length) {
    this.buffer = buffer;
    this.offset = offset;
    this.length = length;
    return this;
  }

  public ByteBuf buffer() {
    return buffer;
  }

  /** Index of the first byte in {@link #buffer()}. */
  public int offset() {
    return offset;
  }

  /** Length in bytes. */
  public int length() {
    return length;
  }

  /** The byte at {@code index} of this slice, {@code 0 <= index < length()}. */
  public byte get(int index) {
    return buffer.getByte(offset + index);
  }

  /** A copy on the heap. */
  public byte[] toBytes() {
    byte[] bytes = new byte[length];
    buffer.getBytes(offset, bytes);
    return bytes;
  }

  /** The bytes as ISO-8859-1 text: one character a byte, for messages and small words. */
  @Override
  public String toString() {
    return buffer == null ? "" : buffer.toString(offset, length, StandardCharsets.ISO_8859_1);
  }
}
