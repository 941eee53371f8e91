package org.chronolith.network;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One request, as places in the buffer it was read into. Nothing is copied and nothing is allocated
 * per request: the view is valid only during the callback that hands it out, and its owner fills it
 * again for the next request.
 *
 * <p>Between two calls of {@link RequestDecoder#decode} it also holds the arguments found so far of
 * a request that has not arrived completely, so a decoder needs the same object until the request
 * is complete.
 */
public final class Request {
  private static final int INITIAL_ARGUMENTS = 8;

  /** Room beyond this many arguments is given back after the request that needed it. */
  private static final int KEPT_ARGUMENTS = 1024;

  /** Offsets are relative to the start of the request, so that the bytes may move meanwhile. */
  private int[] offsets = new int[INITIAL_ARGUMENTS];

  private int[] lengths = new int[INITIAL_ARGUMENTS];
  private int count;
  private ByteBuf buffer;
  private int base;
  private boolean multibulk;
  private int rawOffset;
  private int rawLength;

  /** Number of arguments, the command's name included; at least 1 in a complete request. */
  public int count() {
    return count;
  }

  /** The buffer that {@link #offset} points into. It belongs to the connection. */
  public ByteBuf buffer() {
    return buffer;
  }

  /** Index of the first byte of argument {@code i} in {@link #buffer()}. */
  public int offset(int i) {
    return base + offsets[i];
  }

  /** Length of argument {@code i} in bytes. */
  public int length(int i) {
    return lengths[i];
  }

  /**
   * Whether {@link #rawOffset} and {@link #rawLength} delimit a canonical multi-bulk request that
   * can be propagated byte for byte. False for an inline command, and for a request whose line ends
   * are not CR LF (which redis-server accepts, and so do we).
   */
  public boolean multibulk() {
    return multibulk;
  }

  /** Index in {@link #buffer()} of the first byte of the whole request; multi-bulk only. */
  public int rawOffset() {
    return rawOffset;
  }

  /** Length in bytes of the whole request as it came; for an inline command the line's length. */
  public int rawLength() {
    return rawLength;
  }

  /** A copy of argument {@code i} on the heap. */
  public byte[] bytes(int i) {
    byte[] bytes = new byte[lengths[i]];
    buffer.getBytes(base + offsets[i], bytes);
    return bytes;
  }

  /** Argument {@code i} as ISO-8859-1 text, one character a byte. */
  public String text(int i) {
    return buffer.toString(base + offsets[i], lengths[i], StandardCharsets.ISO_8859_1);
  }

  void begin() {
    if (offsets.length > KEPT_ARGUMENTS) {
      offsets = new int[INITIAL_ARGUMENTS];
      lengths = new int[INITIAL_ARGUMENTS];
    }
    count = 0;
    buffer = null;
  }

  void add(int relativeOffset, int length) {
    if (count == offsets.length) {
      // Doubles with the bytes that arrived, never with what a header announces.
      offsets = Arrays.copyOf(offsets, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    offsets[count] = relativeOffset;
    lengths[count] = length;
    count++;
  }

  void complete(ByteBuf buffer, int base, boolean multibulk, int rawOffset, int rawLength) {
    this.buffer = buffer;
    this.base = base;
    this.multibulk = multibulk;
    this.rawOffset = rawOffset;
    this.rawLength = rawLength;
  }

  /** Lets go of the buffer, so that a view kept by mistake fails instead of reading other bytes. */
  void invalidate() {
    buffer = null;
  }
}
