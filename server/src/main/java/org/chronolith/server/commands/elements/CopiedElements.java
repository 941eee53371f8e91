package org.chronolith.server.commands.elements;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.server.command.CommandException;

/**
 * Elements taken out of the keyspace for as long as a command works on them: sorts them, or makes
 * another key of them. Bounded by {@link #MAX_BYTES} and by a share of the heap.
 *
 * <p>Thread: that of the command.
 */
public final class CopiedElements implements AutoCloseable {
  /** Bytes of all elements together. */
  public static final int MAX_BYTES = 1 << 30;

  /** What an element takes on the heap here and, with its weight and its place, in its command. */
  private static final int HEAP_BYTES = 64;

  private static final int MAX_ELEMENTS =
      (int) Math.min(Integer.MAX_VALUE >>> 1, Runtime.getRuntime().maxMemory() / 4 / HEAP_BYTES);

  private static final CommandException TOO_MANY =
      new CommandException(
          "ERR the command needs more memory at once than this server has for one: "
              + MAX_ELEMENTS
              + " elements, "
              + MAX_BYTES
              + " bytes");

  private final ByteBuf bytes = PooledByteBufAllocator.DEFAULT.directBuffer();
  private final Slice left = new Slice();
  private final Slice right = new Slice();
  private int[] ends = new int[16];
  private int size;

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** Bytes of all elements. */
  public int bytes() {
    return bytes.readableBytes();
  }

  /**
   * Adds a copy.
   *
   * @throws CommandException if that is beyond the bounds
   */
  public void add(StoredBytes element) {
    check(element.length());
    element.copyTo(bytes);
    end();
  }

  /** As {@link #add(StoredBytes)}. */
  public void add(Slice element) {
    check(element.length());
    bytes.writeBytes(element.buffer(), element.offset(), element.length());
    end();
  }

  private void check(int length) {
    if (size >= MAX_ELEMENTS || length > MAX_BYTES - bytes.readableBytes()) {
      throw TOO_MANY;
    }
  }

  private void end() {
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
    }
    ends[size++] = bytes.writerIndex();
  }

  /** Points {@code slice} at an element; valid until the next one is added. */
  public Slice get(int index, Slice slice) {
    int start = index == 0 ? 0 : ends[index - 1];
    return slice.set(bytes, start, ends[index] - start);
  }

  /** Unsigned comparison of two elements, byte by byte; a prefix comes first. */
  public int compare(int one, int other) {
    get(one, left);
    get(other, right);
    int common = Math.min(left.length(), right.length());
    for (int i = 0; i < common; i++) {
      int difference = (left.get(i) & 0xff) - (right.get(i) & 0xff);
      if (difference != 0) {
        return difference;
      }
    }
    return left.length() - right.length();
  }

  /** The elements' indexes in the order of {@code comparison}; equal ones stay as they came. */
  public int[] order(IntBinaryOperator comparison) {
    int[] from = new int[size];
    Arrays.setAll(from, i -> i);
    int[] to = new int[size];
    for (int run = 1; run < size && run > 0; run <<= 1) {
      for (int start = 0; start < size; start += 2 * run) {
        merge(from, to, start, run, comparison);
      }
      int[] swap = from;
      from = to;
      to = swap;
    }
    return from;
  }

  private void merge(int[] from, int[] to, int start, int run, IntBinaryOperator comparison) {
    int middle = Math.min(start + run, size);
    int end = Math.min(start + 2 * run, size);
    int one = start;
    int other = middle;
    for (int at = start; at < end; at++) {
      boolean takesOne =
          other == end || one < middle && comparison.applyAsInt(from[one], from[other]) <= 0;
      to[at] = takesOne ? from[one++] : from[other++];
    }
  }

  @Override
  public void close() {
    bytes.release();
  }
}
