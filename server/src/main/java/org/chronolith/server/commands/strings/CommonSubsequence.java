package org.chronolith.server.commands.strings;

/**
 * The longest common subsequence of two strings, as LCS finds it: where several are as long, the
 * same one as Redis. Of the table of lengths two rows are kept, over the shorter string, and of
 * each cell one bit, which is all that the way back needs.
 */
final class CommonSubsequence {
  private final byte[] left;
  private final byte[] right;

  /** Whether the rows are over the left string. */
  private final boolean turned;

  /** One bit a cell: the length of (left - 1, right) is greater than that of (left, right - 1). */
  private final long[] leftward;

  private final int length;

  /** Is shown the runs of equal bytes, the last one first; ends are inclusive. */
  interface RunVisitor {
    void visit(int leftStart, int leftEnd, int rightStart, int rightEnd);
  }

  /**
   * @param withRuns whether more than the length will be asked for
   */
  CommonSubsequence(byte[] left, byte[] right, boolean withRuns) {
    this.left = left;
    this.right = right;
    turned = left.length < right.length;
    long cells = (left.length + 1L) * (right.length + 1L);
    leftward = withRuns ? new long[Math.toIntExact((cells >> 6) + 1)] : null;
    length = turned ? fill(right, left) : fill(left, right);
  }

  /** Whether two strings of so many bytes may be compared with so many bytes of memory. */
  static boolean fits(long left, long right, long bytes) {
    return (left + 1) * (right + 1) <= bytes / Integer.BYTES;
  }

  private int fill(byte[] longer, byte[] shorter) {
    int[] above = new int[shorter.length + 1];
    int[] row = new int[shorter.length + 1];
    for (int x = 1; x <= longer.length; x++) {
      byte wanted = longer[x - 1];
      long cell = (long) x * (shorter.length + 1) + 1;
      for (int y = 1; y <= shorter.length; y++, cell++) {
        if (shorter[y - 1] == wanted) {
          row[y] = above[y - 1] + 1;
          continue;
        }
        int fromAbove = above[y];
        int fromBefore = row[y - 1];
        row[y] = Math.max(fromAbove, fromBefore);
        if (leftward != null && (turned ? fromBefore > fromAbove : fromAbove > fromBefore)) {
          leftward[(int) (cell >> 6)] |= 1L << cell;
        }
      }
      int[] done = row;
      row = above;
      above = done;
    }
    return above[shorter.length];
  }

  private boolean goesLeftward(int i, int j) {
    long cell = turned ? (long) j * (left.length + 1) + i : (long) i * (right.length + 1) + j;
    return (leftward[(int) (cell >> 6)] >>> cell & 1) == 1;
  }

  int length() {
    return length;
  }

  /** The subsequence. REQUIRES: made with runs. */
  byte[] bytes() {
    byte[] bytes = new byte[length];
    int[] at = {length};
    forEachRun(
        (leftStart, leftEnd, rightStart, rightEnd) -> {
          int run = leftEnd - leftStart + 1;
          at[0] -= run;
          System.arraycopy(left, leftStart, bytes, at[0], run);
        });
    return bytes;
  }

  /** REQUIRES: made with runs. */
  void forEachRun(RunVisitor visitor) {
    int i = left.length;
    int j = right.length;
    while (i > 0 && j > 0) {
      if (left[i - 1] != right[j - 1]) {
        if (goesLeftward(i, j)) {
          i--;
        } else {
          j--;
        }
        continue;
      }
      int leftEnd = i - 1;
      int rightEnd = j - 1;
      while (i > 0 && j > 0 && left[i - 1] == right[j - 1]) {
        i--;
        j--;
      }
      visitor.visit(i, leftEnd, j, rightEnd);
    }
  }
}
