package org.chronolith.replicationlog;

import java.util.Arrays;

/**
 * Sparse index of one segment: stream offset of a record's start to its position in the file. One
 * thread adds, any thread looks up.
 */
final class OffsetIndex {
  private static final int INITIAL_LONGS = 64;

  private final int everyBytes;
  private volatile long[] entries = new long[INITIAL_LONGS];
  private volatile int longs;
  private long nextPosition;

  OffsetIndex(int everyBytes) {
    this.everyBytes = everyBytes;
  }

  /** Offers a record; one in {@code everyBytes} of the file is kept. */
  void add(long offset, long position) {
    if (position < nextPosition) {
      return;
    }
    nextPosition = position + everyBytes;
    int count = longs;
    long[] array = entries;
    if (count == array.length) {
      array = Arrays.copyOf(array, count * 2);
      entries = array;
    }
    array[count] = offset;
    array[count + 1] = position;
    longs = count + 2;
  }

  /**
   * Position of the last known record that starts at or below {@code offset}; 0 if there is none.
   */
  long floorPosition(long offset) {
    // The count is read before the array, so that the array is at least as new.
    int low = 0;
    int high = longs / 2 - 1;
    long[] array = entries;
    long position = 0;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (array[middle * 2] <= offset) {
        position = array[middle * 2 + 1];
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return position;
  }
}
