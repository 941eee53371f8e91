package org.chronolith.engine.types.hyperloglog;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.chronolith.engine.Slice;

/**
 * A HyperLogLog as bytes, for a moment on the heap. Reused from key to key.
 *
 * <pre>
 *   header   [0 "HYLL"][4 form u8: 0 dense, 1 sparse][5 zero 3 bytes][8 cardinality u64, little-endian]
 *   dense    16,384 registers of 6 bits, the lowest bits first
 *   sparse   runs: see {@link SparseRegisters}
 * </pre>
 *
 * The highest bit of the cardinality says that it is out of date.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class HyperLogLog {
  /** Bytes of the dense form. */
  public static final int DENSE_BYTES = 12_304;

  /** More bytes than any sparse form needs; what is longer is damaged. */
  public static final int MAX_BYTES = 64 << 10;

  static final int HEADER_BYTES = 16;
  static final int REGISTER_NUMBER_BITS = 14;
  static final int REGISTERS = 1 << REGISTER_NUMBER_BITS;

  /** Bits of the hash that make the count. */
  static final int HASH_BITS = 64 - REGISTER_NUMBER_BITS;

  private static final byte[] MAGIC = {'H', 'Y', 'L', 'L'};
  private static final int FORM_AT = 4;
  private static final int CARDINALITY_AT = 8;
  private static final int VALIDITY_AT = 15;
  private static final byte DENSE = 0;
  private static final byte SPARSE = 1;
  private static final int MAX_COUNT = 63;

  /** The bytes, from 0 to {@link #length}; package-private for the sparse form's code. */
  byte[] bytes = new byte[4096];

  int length;

  /** Where a run is divided. */
  final byte[] pieces = new byte[5];

  private final byte[] union = new byte[REGISTERS];
  private final byte[] counts = new byte[REGISTERS];

  /** Registers that are being raised to those of the bytes. */
  private byte[] raised;

  private final int[] registersOf = new int[MAX_COUNT + 1];
  private ByteBuf wrapped;
  private final Slice slice = new Slice();

  /** What became of an addition. */
  public enum Added {
    /** The element changes nothing. */
    NO,
    YES,
    /** The bytes are no valid HyperLogLog. */
    DAMAGED
  }

  /**
   * Turns to bytes that the caller then writes to the returned buffer.
   *
   * @param length at most {@link #MAX_BYTES}
   */
  public ByteBuf room(int length) {
    reserve(length);
    this.length = length;
    return wrapped().clear();
  }

  /** Whether the bytes are the beginning of a HyperLogLog of {@code total} bytes, or all of it. */
  public boolean isOne(int total) {
    if (total < HEADER_BYTES || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      return false;
    }
    return bytes[FORM_AT] == SPARSE || bytes[FORM_AT] == DENSE && total == DENSE_BYTES;
  }

  /** Turns to an empty one, in the sparse form. */
  public void clear() {
    length = HEADER_BYTES + 2;
    Arrays.fill(bytes, 0, length, (byte) 0);
    System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
    bytes[FORM_AT] = SPARSE;
    bytes[HEADER_BYTES] = 0x7F;
    bytes[HEADER_BYTES + 1] = (byte) 0xFF;
  }

  /** The bytes; valid until the next change. */
  public Slice bytes() {
    return slice.set(wrapped(), 0, length);
  }

  private ByteBuf wrapped() {
    if (wrapped == null || wrapped.array() != bytes) {
      wrapped = Unpooled.wrappedBuffer(bytes);
    }
    return wrapped;
  }

  public boolean isDense() {
    return bytes[FORM_AT] == DENSE;
  }

  /**
   * Adds an element.
   *
   * @param maxSparseBytes {@code hll-sparse-max-bytes}: beyond them it becomes dense
   */
  public Added add(Slice element, int maxSparseBytes) {
    long hash = ElementHash.of(element);
    return set(ElementHash.register(hash), ElementHash.count(hash), maxSparseBytes);
  }

  private Added set(int register, int count, int maxSparseBytes) {
    if (isDense()) {
      return setDense(register, count) ? Added.YES : Added.NO;
    }
    switch (SparseRegisters.set(this, register, count, maxSparseBytes)) {
      case NONE:
        return Added.NO;
      case CHANGED:
        outdate();
        return Added.YES;
      case NEEDS_DENSE:
        return makeDense() && setDense(register, count) ? Added.YES : Added.DAMAGED;
      default:
        return Added.DAMAGED;
    }
  }

  /** The cardinality is to be reckoned anew. */
  public void outdate() {
    bytes[VALIDITY_AT] |= (byte) 0x80;
  }

  /** Makes it dense, if it is not; false, and nothing has changed, if it is damaged. */
  public boolean makeDense() {
    if (isDense()) {
      return true;
    }
    Arrays.fill(counts, (byte) 0);
    if (!raise(counts)) {
      return false;
    }
    reserve(DENSE_BYTES);
    length = DENSE_BYTES;
    bytes[FORM_AT] = DENSE;
    Arrays.fill(bytes, HEADER_BYTES, length, (byte) 0);
    for (int register = 0; register < REGISTERS; register++) {
      if (counts[register] > 0) {
        setDense(register, counts[register]);
      }
    }
    return true;
  }

  /** Raises registers to what the bytes hold; false, after some perhaps, if those are damaged. */
  private boolean raise(byte[] registers) {
    if (!isDense()) {
      raised = registers;
      return SparseRegisters.forEach(bytes, HEADER_BYTES, length, this::raiseRun);
    }
    for (int register = 0; register < REGISTERS; register++) {
      registers[register] = (byte) Math.max(registers[register], dense(register));
    }
    return true;
  }

  private void raiseRun(int register, int run, int count) {
    for (int i = register; i < register + run; i++) {
      raised[i] = (byte) Math.max(raised[i], count);
    }
  }

  private boolean setDense(int register, int count) {
    if (dense(register) >= count) {
      return false;
    }
    int bit = register * 6;
    int at = HEADER_BYTES + (bit >> 3);
    int shift = bit & 7;
    bytes[at] = (byte) (bytes[at] & ~(MAX_COUNT << shift) | count << shift);
    if (shift > 2) {
      bytes[at + 1] = (byte) (bytes[at + 1] & ~(MAX_COUNT >> 8 - shift) | count >> 8 - shift);
    }
    return true;
  }

  private int dense(int register) {
    int bit = register * 6;
    int at = HEADER_BYTES + (bit >> 3);
    int shift = bit & 7;
    int value = (bytes[at] & 0xFF) >> shift;
    if (shift > 2) {
      value |= bytes[at + 1] << 8 - shift;
    }
    return value & MAX_COUNT;
  }

  // ---------------------------------------------------------------- the union of several

  /** Begins a union of no elements, beside what it is turned to. */
  public void beginUnion() {
    Arrays.fill(union, (byte) 0);
  }

  /** Adds what it is turned to to the union; false if that is damaged. */
  public boolean addToUnion() {
    return raise(union);
  }

  /** The cardinality of the union. */
  public long unionCardinality() {
    return cardinality(union);
  }

  private long cardinality(byte[] registers) {
    Arrays.fill(registersOf, 0);
    for (byte count : registers) {
      registersOf[count]++;
    }
    return Cardinality.of(registersOf);
  }

  /**
   * Adds the union to what it is turned to.
   *
   * @param maxSparseBytes as of {@link #add}
   * @return whether it was valid
   */
  public boolean takeUnion(int maxSparseBytes) {
    for (int register = 0; register < REGISTERS; register++) {
      if (union[register] > 0 && set(register, union[register], maxSparseBytes) == Added.DAMAGED) {
        return false;
      }
    }
    outdate();
    return true;
  }

  // ---------------------------------------------------------------- cardinality

  /** Whether the stored cardinality is that of the registers. */
  public boolean isUpToDate() {
    return bytes[VALIDITY_AT] >= 0;
  }

  /** The stored cardinality. REQUIRES: it is up to date. */
  public long cardinality() {
    long cardinality = 0;
    for (int i = Long.BYTES - 1; i >= 0; i--) {
      cardinality = cardinality << 8 | bytes[CARDINALITY_AT + i] & 0xFF;
    }
    return cardinality;
  }

  /** Reckons the cardinality and stores it; -1, and nothing has changed, if it is damaged. */
  public long reckon() {
    Arrays.fill(counts, (byte) 0);
    if (!raise(counts)) {
      return -1;
    }
    long cardinality = cardinality(counts);
    for (int i = 0; i < Long.BYTES; i++) {
      bytes[CARDINALITY_AT + i] = (byte) (cardinality >>> (i << 3));
    }
    return cardinality;
  }

  // ---------------------------------------------------------------- bytes

  /** Makes what lies from {@code at} on begin so many bytes later, or earlier. */
  void resize(int at, int growth) {
    reserve(length + growth);
    System.arraycopy(bytes, at, bytes, at + growth, length - at);
    length += growth;
  }

  private void reserve(int wanted) {
    if (bytes.length < wanted) {
      bytes = Arrays.copyOf(bytes, Math.max(wanted, DENSE_BYTES));
    }
  }
}
