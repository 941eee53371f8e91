package org.chronolith.network;

import java.util.Arrays;

/**
 * Places in a connection's output that must not be passed before an offset is released: a small
 * queue of (output position, offset), both growing.
 */
final class ReplyHolds {
  private long[] positions = new long[4];
  private long[] offsets = new long[4];
  private int head;
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  /** What was written up to {@code position} waits for {@code offset}, and so does what follows. */
  void add(long position, long offset) {
    if (count > 0) {
      int last = head + count - 1;
      if (offset <= offsets[last]) {
        // It waits for the hold before it in any case.
        positions[last] = position;
        return;
      }
    }
    if (head + count == positions.length) {
      if (head >= count) {
        System.arraycopy(positions, head, positions, 0, count);
        System.arraycopy(offsets, head, offsets, 0, count);
      } else {
        positions = Arrays.copyOfRange(positions, head, head + count * 2 + 4);
        offsets = Arrays.copyOfRange(offsets, head, head + count * 2 + 4);
      }
      head = 0;
    }
    positions[head + count] = position;
    offsets[head + count] = offset;
    count++;
  }

  /**
   * Drops the holds that {@code offset} releases.
   *
   * @return the output position up to which replies may leave now if others are still held, or -1
   *     if none was dropped
   */
  long release(long offset) {
    long position = -1;
    while (count > 0 && offsets[head] <= offset) {
      position = positions[head];
      head++;
      count--;
    }
    if (count == 0) {
      head = 0;
    }
    return position;
  }
}
