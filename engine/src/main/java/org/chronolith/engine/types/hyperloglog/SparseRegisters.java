package org.chronolith.engine.types.hyperloglog;

/**
 * The sparse form: runs of registers with the same count.
 *
 * <pre>
 *   00nnnnnn            n + 1 registers are 0
 *   01nnnnnn nnnnnnnn   n + 1 registers are 0
 *   1cccccnn            n + 1 registers are c + 1
 * </pre>
 *
 * Which runs there are depends on the order in which registers were set, and that is kept as Redis
 * has it, so that the bytes are the same.
 */
final class SparseRegisters {
  /** The greatest count that a run can have. */
  static final int MAX_COUNT = 32;

  private static final int LONGEST_SHORT_ZEROS = 64;
  private static final int LONGEST_VALUES = 4;

  /** Runs looked at, from the one before a change on, for two that may become one. */
  private static final int MERGE_RUNS = 5;

  private SparseRegisters() {}

  static boolean isLongZeros(int first) {
    return (first & 0xC0) == 0x40;
  }

  static boolean isValues(int first) {
    return (first & 0x80) != 0;
  }

  /** Bytes of the run at {@code at}. */
  static int bytes(byte[] runs, int at) {
    return isLongZeros(runs[at]) ? 2 : 1;
  }

  /** Registers of the run at {@code at}; its second byte may be missing at a damaged end. */
  static int length(byte[] runs, int at, int end) {
    int first = runs[at];
    if (isValues(first)) {
      return (first & 0x03) + 1;
    }
    if (isLongZeros(first)) {
      int second = at + 1 < end ? runs[at + 1] & 0xFF : 0;
      return ((first & 0x3F) << 8 | second) + 1;
    }
    return (first & 0x3F) + 1;
  }

  /** The count of a run of values. */
  static int count(int first) {
    return (first >> 2 & 0x1F) + 1;
  }

  private static byte values(int count, int length) {
    return (byte) (0x80 | count - 1 << 2 | length - 1);
  }

  /** Shows all runs; false, after some perhaps, if they are not of exactly all registers. */
  static boolean forEach(byte[] runs, int from, int end, RunVisitor visitor) {
    int register = 0;
    for (int at = from; at < end; at += bytes(runs, at)) {
      int length = length(runs, at, end);
      if (!isValues(runs[at])) {
        register += length;
        continue;
      }
      if (register + length > HyperLogLog.REGISTERS) {
        break;
      }
      visitor.run(register, length, count(runs[at]));
      register += length;
    }
    return register == HyperLogLog.REGISTERS;
  }

  /** Is shown runs of registers that are not 0. */
  @FunctionalInterface
  interface RunVisitor {
    void run(int register, int length, int count);
  }

  /** What {@link #set} did. */
  enum Change {
    NONE,
    CHANGED,
    /** The sparse form cannot take it. */
    NEEDS_DENSE,
    DAMAGED
  }

  /**
   * Sets a register to {@code count} if it holds less.
   *
   * @param log its bytes after the header are the runs; they are changed
   * @param maxBytes to which the sparse form may grow, its header included
   */
  static Change set(HyperLogLog log, int register, int count, int maxBytes) {
    if (count > MAX_COUNT) {
      return Change.NEEDS_DENSE;
    }
    byte[] runs = log.bytes;
    int before = -1;
    int at = HyperLogLog.HEADER_BYTES;
    int first = 0;
    int length = 0;
    while (at < log.length) {
      length = length(runs, at, log.length);
      if (register < first + length) {
        break;
      }
      before = at;
      at += bytes(runs, at);
      first += length;
    }
    if (length == 0 || at >= log.length) {
      return Change.DAMAGED;
    }
    boolean values = isValues(runs[at]);
    if (values && count(runs[at]) >= count) {
      return Change.NONE;
    }
    if (length == 1 && !isLongZeros(runs[at])) {
      runs[at] = values(count, 1);
    } else if (!split(log, at, first, length, register, count, maxBytes)) {
      return Change.NEEDS_DENSE;
    }
    merge(log, before < 0 ? HyperLogLog.HEADER_BYTES : before);
    return Change.CHANGED;
  }

  /** Puts up to three runs in the place of one; false if that were too many bytes. */
  private static boolean split(
      HyperLogLog log, int at, int first, int length, int register, int count, int maxBytes) {
    byte[] pieces = log.pieces;
    int old = log.bytes[at];
    int bytes = 0;
    bytes = piece(pieces, bytes, old, register - first);
    pieces[bytes++] = values(count, 1);
    bytes = piece(pieces, bytes, old, first + length - 1 - register);
    int oldBytes = bytes(log.bytes, at);
    int growth = bytes - oldBytes;
    if (growth > 0 && log.length + growth > maxBytes) {
      return false;
    }
    log.resize(Math.min(at + oldBytes, log.length), growth);
    System.arraycopy(pieces, 0, log.bytes, at, bytes);
    return true;
  }

  private static int piece(byte[] pieces, int at, int old, int length) {
    int end = at;
    if (length == 0) {
      return end;
    }
    if (isValues(old)) {
      pieces[end++] = values(count(old), length);
    } else if (length > LONGEST_SHORT_ZEROS) {
      pieces[end++] = (byte) (0x40 | length - 1 >> 8);
      pieces[end++] = (byte) (length - 1);
    } else {
      pieces[end++] = (byte) (length - 1);
    }
    return end;
  }

  private static void merge(HyperLogLog log, int from) {
    int at = from;
    for (int left = MERGE_RUNS; at < log.length && left > 0; left--) {
      byte[] runs = log.bytes;
      if (isValues(runs[at]) && at + 1 < log.length && isValues(runs[at + 1])) {
        int both = length(runs, at, log.length) + length(runs, at + 1, log.length);
        if (count(runs[at]) == count(runs[at + 1]) && both <= LONGEST_VALUES) {
          runs[at + 1] = values(count(runs[at]), both);
          log.resize(at + 1, -1);
          continue;
        }
      }
      at += bytes(runs, at);
    }
  }
}
