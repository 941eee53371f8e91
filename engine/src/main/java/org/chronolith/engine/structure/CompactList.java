package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * Small elements side by side in one allocation: the small form of hashes (field, value), sets and
 * sorted sets (member, score), and the inside of a list's blocks.
 *
 * <p>The object is a way to look at blobs, not a blob: it holds no state besides the allocator, so
 * one serves every blob with the same {@code base}. A blob lies in an allocation from {@code base}
 * on; what comes before belongs to the caller and is carried along when the blob moves.
 *
 * <pre>
 *   base           base+2        base+4         base+6 = origin
 *   [start u16]    [end u16]     [count u16]    ... room ... [element]* ... room ... capacity
 *   element: [length] [bytes] [length, mirrored]
 *   length:  one byte below 128, else two: 0x80 | high 7 bits, low 8 bits
 * </pre>
 *
 * <p>Elements may have room on both sides, so that a list's block takes elements at either end
 * without moving the others. The mirrored length lets the list be walked backwards.
 *
 * <p>An element is named by its <em>position</em>: its offset in the allocation. A change makes
 * positions invalid except where a method says otherwise. Methods that may move the blob return its
 * new reference. Thread: the owner of the keyspace.
 */
public final class CompactList {
  /** Longest element, in bytes. */
  public static final int MAX_ELEMENT_BYTES = 0x7FFF;

  /** Largest blob: header, room and elements, in bytes. */
  public static final int MAX_BLOB_BYTES = 0xFFFF;

  /** What {@link #next} and {@link #previous} answer beyond the ends. */
  public static final int NONE = -1;

  private static final int HEADER_BYTES = 6;
  private static final int MIN_BLOB_BYTES = 32;

  private final SlabAllocator slabs;
  private final int base;
  private final int origin;

  /** Where the last insertion put its element. */
  private int inserted;

  public CompactList(SlabAllocator slabs, int base) {
    this.slabs = slabs;
    this.base = base;
    this.origin = base + HEADER_BYTES;
  }

  /** A new empty blob with room for at least {@code elementBytes}; the base part is not cleared. */
  public long create(int elementBytes) {
    long ref = slabs.allocate(Math.max(MIN_BLOB_BYTES, origin + elementBytes));
    set(ref, origin, origin, 0);
    return ref;
  }

  /** Bytes that an element of {@code length} bytes takes. */
  public static int elementBytes(int length) {
    return length + 2 * lengthBytes(length);
  }

  /** Whether elements of {@code moreBytes} (see {@link #elementBytes}) can still be added. */
  public boolean fits(long ref, int moreBytes) {
    return origin + usedBytes(ref) + moreBytes <= MAX_BLOB_BYTES;
  }

  public int count(long ref) {
    return slabs.getShort(ref, base + 4) & 0xFFFF;
  }

  /** Bytes that the elements take, lengths included. */
  public int usedBytes(long ref) {
    return end(ref) - start(ref);
  }

  /** Position of the first element, or {@link #NONE}. */
  public int first(long ref) {
    int start = start(ref);
    return start == end(ref) ? NONE : start;
  }

  /** Position of the last element, or {@link #NONE}. */
  public int last(long ref) {
    int end = end(ref);
    return start(ref) == end ? NONE : before(ref, end);
  }

  /** Position after the last element: where {@link #insert} appends. */
  public int end(long ref) {
    return slabs.getShort(ref, base + 2) & 0xFFFF;
  }

  /** Position where {@link #insert} puts an element before all others. */
  public int start(long ref) {
    return slabs.getShort(ref, base) & 0xFFFF;
  }

  /** Position of the element after the one at {@code position}, or {@link #NONE}. */
  public int next(long ref, int position) {
    int next = position + elementBytes(length(ref, position));
    return next == end(ref) ? NONE : next;
  }

  /** Position behind the element at {@code position}: of the next element, or {@link #end}. */
  public int behind(long ref, int position) {
    return position + elementBytes(length(ref, position));
  }

  /** Position of the element before the one at {@code position}, or {@link #NONE}. */
  public int previous(long ref, int position) {
    return position == start(ref) ? NONE : before(ref, position);
  }

  /** Position of the element with {@code index} from the first; {@code 0 <= index < count}. */
  public int at(long ref, int index) {
    int count = count(ref);
    if (index <= count >>> 1) {
      int position = start(ref);
      for (int i = 0; i < index; i++) {
        position += elementBytes(length(ref, position));
      }
      return position;
    }
    int position = end(ref);
    for (int i = count; i > index; i--) {
      position = before(ref, position);
    }
    return position;
  }

  /** Length in bytes of the element at {@code position}. */
  public int length(long ref, int position) {
    int first = slabs.getByte(ref, position);
    return first >= 0 ? first : (first & 0x7F) << 8 | (slabs.getByte(ref, position + 1) & 0xFF);
  }

  /** Offset in the allocation of the bytes of the element at {@code position}. */
  public int data(long ref, int position) {
    return position + (slabs.getByte(ref, position) >= 0 ? 1 : 2);
  }

  public boolean equals(long ref, int position, Slice value) {
    int length = length(ref, position);
    return length == value.length()
        && slabs.equals(ref, position + lengthBytes(length), length, value);
  }

  /** Points {@code element} at the element at {@code position}. */
  public void element(long ref, int position, StoredBytes element) {
    int length = length(ref, position);
    element.set(ref, position + lengthBytes(length), length);
  }

  /** The element at {@code position}, which {@link #insertLong} wrote. */
  public long longAt(long ref, int position) {
    return slabs.getLong(ref, position + 1);
  }

  /** Orders the element at {@code position} against a value, bytes unsigned. */
  public int compare(long ref, int position, Slice value) {
    int length = length(ref, position);
    return slabs.compare(ref, position + lengthBytes(length), length, value);
  }

  /**
   * The first element equal to {@code value} among every {@code stride}th, or {@link #NONE}: stride
   * 2 looks at the fields of a hash or the members of a sorted set only.
   */
  public int find(long ref, Slice value, int stride) {
    int end = end(ref);
    int position = start(ref);
    while (position != end) {
      int length = length(ref, position);
      if (length == value.length()
          && slabs.equals(ref, position + lengthBytes(length), length, value)) {
        return position;
      }
      position += elementBytes(length);
      for (int skip = 1; skip < stride; skip++) {
        position += elementBytes(length(ref, position));
      }
    }
    return NONE;
  }

  /**
   * Puts {@code value} before the element at {@code position}; {@link #end} appends. REQUIRES:
   * {@link #fits}. {@link #inserted()} then says where it is.
   *
   * @return the blob, perhaps moved
   */
  public long insert(long ref, int position, Slice value) {
    int length = value.length();
    long moved = open(ref, position, length);
    slabs.copyIn(moved, inserted + lengthBytes(length), value);
    return moved;
  }

  /** As {@link #insert(long, int, Slice)} with {@code length} bytes of another allocation. */
  public long insert(long ref, int position, long source, int sourceAt, int length) {
    long moved = open(ref, position, length);
    slabs.copy(source, sourceAt, moved, inserted + lengthBytes(length), length);
    return moved;
  }

  /** As {@link #insert(long, int, Slice)} with eight bytes, as the slabs store a number. */
  public long insertLong(long ref, int position, long value) {
    long moved = open(ref, position, Long.BYTES);
    slabs.putLong(moved, inserted + 1, value);
    return moved;
  }

  /** Position of the element that the last insertion or replacement wrote. */
  public int inserted() {
    return inserted;
  }

  /** Puts {@code value} in the place of the element at {@code position}. REQUIRES: it fits. */
  public long replace(long ref, int position, Slice value) {
    int length = length(ref, position);
    if (length == value.length()) {
      slabs.copyIn(ref, position + lengthBytes(length), value);
      inserted = position;
      return ref;
    }
    close(ref, position, elementBytes(length), 1);
    // Closing may have moved the elements before the position instead of those behind it.
    return insert(ref, inserted, value);
  }

  /**
   * Removes {@code howMany} elements from {@code position} on. {@link #inserted()} is then the
   * position of what followed them, or {@link #end}.
   *
   * @return the blob, perhaps moved into a smaller allocation
   */
  public long remove(long ref, int position, int howMany) {
    int to = position;
    for (int i = 0; i < howMany; i++) {
      to += elementBytes(length(ref, to));
    }
    close(ref, position, to - position, howMany);
    int capacity = slabs.capacity(ref);
    int needed = origin + usedBytes(ref);
    if (capacity <= MIN_BLOB_BYTES * 2 || needed > capacity >>> 1) {
      return ref;
    }
    int offset = inserted - start(ref);
    long moved = move(ref, needed + (needed >>> 3), origin);
    inserted = origin + offset;
    return moved;
  }

  /**
   * Moves the elements from {@code position} on into a new blob; the part before base is not set.
   *
   * @return the new blob; the old one keeps its place
   */
  public long split(long ref, int position) {
    int end = end(ref);
    int bytes = end - position;
    int moving = 0;
    for (int at = position; at != end; at += elementBytes(length(ref, at))) {
      moving++;
    }
    long right = create(bytes);
    slabs.copy(ref, position, right, origin, bytes);
    set(right, origin, origin + bytes, moving);
    set(ref, start(ref), position, count(ref) - moving);
    return right;
  }

  /** A copy of the blob, the part before base included, in an allocation of its own. */
  public long copy(long ref) {
    return copyInto(ref, origin + usedBytes(ref), origin);
  }

  /**
   * A new blob with the elements of one that {@code other} sees; the part before base is not set.
   */
  public long copyOf(CompactList other, long blob) {
    int used = other.usedBytes(blob);
    long ref = create(used);
    slabs.copy(blob, other.start(blob), ref, origin, used);
    set(ref, origin, origin + used, other.count(blob));
    return ref;
  }

  /** Appends {@code [count u16][bytes u16][elements]}, which {@link #load} reads. */
  public void serialise(long ref, ByteBuf out) {
    int used = usedBytes(ref);
    out.writeShort(count(ref));
    out.writeShort(used);
    slabs.copyOut(ref, start(ref), used, out);
  }

  /**
   * Reads what {@link #serialise} wrote, and checks it.
   *
   * @return the new blob, or 0 when the bytes are not a compact list
   */
  public long load(ByteBuf in) {
    if (in.readableBytes() < 4) {
      return 0;
    }
    int count = in.readUnsignedShort();
    int used = in.readUnsignedShort();
    if (in.readableBytes() < used || origin + used > MAX_BLOB_BYTES) {
      return 0;
    }
    long ref = create(used);
    slabs.copyIn(ref, origin, in, in.readerIndex(), used);
    in.skipBytes(used);
    set(ref, origin, origin + used, count);
    if (!valid(ref)) {
      slabs.free(ref);
      return 0;
    }
    return ref;
  }

  /** Whether lengths, mirrored lengths, ends and count agree. For tests and for loading. */
  public boolean valid(long ref) {
    int end = end(ref);
    int position = start(ref);
    if (position < origin || end < position || end > slabs.capacity(ref)) {
      return false;
    }
    int elements = 0;
    while (position < end) {
      if (slabs.getByte(ref, position) < 0 && position + 1 >= end) {
        return false;
      }
      int length = length(ref, position);
      int next = position + elementBytes(length);
      if (next > end || slabs.getByte(ref, position) < 0 && length < 128) {
        return false;
      }
      if (before(ref, next) != position) {
        return false;
      }
      position = next;
      elements++;
    }
    return position == end && elements == count(ref);
  }

  private static int lengthBytes(int length) {
    return length < 128 ? 1 : 2;
  }

  private int before(long ref, int position) {
    int last = slabs.getByte(ref, position - 1);
    int length = last >= 0 ? last : (last & 0x7F) << 8 | (slabs.getByte(ref, position - 2) & 0xFF);
    return position - elementBytes(length);
  }

  private void set(long ref, int start, int end, int count) {
    slabs.putShort(ref, base, (short) start);
    slabs.putShort(ref, base + 2, (short) end);
    slabs.putShort(ref, base + 4, (short) count);
  }

  /** Opens a gap for an element and writes its lengths; {@link #inserted} is where. */
  private long open(long ref, int position, int length) {
    int bytes = elementBytes(length);
    int start = start(ref);
    int end = end(ref);
    int count = count(ref);
    int capacity = Math.min(slabs.capacity(ref), MAX_BLOB_BYTES);
    int headRoom = start - origin;
    int tailRoom = capacity - end;
    int before = position - start;
    int after = end - position;
    long result = ref;
    if (bytes <= headRoom && (before < after || bytes > tailRoom)) {
      slabs.copy(ref, start, ref, start - bytes, before);
      start -= bytes;
    } else if (bytes <= tailRoom) {
      slabs.copy(ref, position, ref, position + bytes, after);
      end += bytes;
    } else {
      int needed = origin + end - start + bytes;
      int room = needed >>> 3;
      if (needed + room > MAX_BLOB_BYTES) {
        room = MAX_BLOB_BYTES - needed;
      }
      if (needed + room > capacity) {
        result = slabs.allocate(needed + room);
        slabs.copy(ref, 0, result, 0, base);
      }
      // A new blob has all its room at the end that grows; a crowded one shares it between both.
      room = Math.min(slabs.capacity(result), MAX_BLOB_BYTES) - needed;
      int newStart = origin + (result == ref ? room / 2 : before < after ? room : 0);
      shift(ref, start, before, result, newStart, position, after, newStart + before + bytes);
      start = newStart;
      end = newStart + before + bytes + after;
      if (result != ref) {
        slabs.free(ref);
      }
    }
    set(result, start, end, count + 1);
    inserted = start + before;
    writeLengths(result, inserted, length);
    return result;
  }

  /** Moves the two parts around the gap in the order that overwrites neither. */
  private void shift(
      long from,
      int start,
      int before,
      long to,
      int newStart,
      int position,
      int after,
      int newPosition) {
    if (newPosition > position) {
      slabs.copy(from, position, to, newPosition, after);
      slabs.copy(from, start, to, newStart, before);
    } else {
      slabs.copy(from, start, to, newStart, before);
      slabs.copy(from, position, to, newPosition, after);
    }
  }

  private void writeLengths(long ref, int position, int length) {
    if (length < 128) {
      slabs.putByte(ref, position, (byte) length);
      slabs.putByte(ref, position + 1 + length, (byte) length);
    } else {
      byte high = (byte) (0x80 | length >>> 8);
      slabs.putByte(ref, position, high);
      slabs.putByte(ref, position + 1, (byte) length);
      slabs.putByte(ref, position + 2 + length, (byte) length);
      slabs.putByte(ref, position + 3 + length, high);
    }
  }

  /** Closes a gap by moving the shorter side; {@link #inserted} is then what followed the gap. */
  private void close(long ref, int position, int bytes, int elements) {
    int start = start(ref);
    int end = end(ref);
    int before = position - start;
    int after = end - position - bytes;
    if (before < after) {
      slabs.copy(ref, start, ref, start + bytes, before);
      set(ref, start + bytes, end, count(ref) - elements);
      inserted = position + bytes;
    } else {
      slabs.copy(ref, position + bytes, ref, position, after);
      set(ref, start, end - bytes, count(ref) - elements);
      inserted = position;
    }
  }

  private long move(long ref, int capacity, int newStart) {
    long moved = copyInto(ref, capacity, newStart);
    slabs.free(ref);
    return moved;
  }

  private long copyInto(long ref, int capacity, int newStart) {
    long moved = slabs.allocate(Math.max(MIN_BLOB_BYTES, Math.min(capacity, MAX_BLOB_BYTES)));
    int used = usedBytes(ref);
    slabs.copy(ref, 0, moved, 0, base);
    slabs.copy(ref, start(ref), moved, newStart, used);
    set(moved, newStart, newStart + used, count(ref));
    return moved;
  }
}
