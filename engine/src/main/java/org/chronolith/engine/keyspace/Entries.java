package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.ByteChain;
import org.chronolith.engine.structure.EntryLayout;

/**
 * The layout of a key's entry:
 *
 * <pre>
 * [0 next u64][8 mark u8][9 kind u8]
 * [10 expire at, ms i64][18 index in the expiry heap u32]     only if EXPIRES
 * [key length][key][value length][value]                      lengths: 1 byte below 2^7, 2 below 2^14, else 3
 * kind   bits 0-2 type, 3-4 encoding, 5 EXPIRES, 6 STORED: a snapshot may hold the key, 7 LONG_KEY
 * key    the bytes, or if LONG_KEY: [chain u64][hash u64]
 * value  INLINE: the bytes
 *        SMALL:  [root u64]
 *        BIG:    [root u64][collection id u64][first u8][last u8]
 * </pre>
 *
 * {@code first} and {@code last} are marks: of the earliest and of the latest change among the
 * elements since a walk went through all of them.
 *
 * <p>An accessor; {@link #read} leaves what it found in the fields.
 */
final class Entries implements EntryLayout {
  static final int MARK_AT = 8;
  static final int KIND_AT = 9;
  static final int EXPIRE_AT = 10;
  static final int HEAP_INDEX_AT = 18;
  static final int EXPIRES = 0x20;
  static final int STORED = 0x40;
  static final int LONG_KEY = 0x80;

  /** Longer keys lie in a {@link ByteChain}. */
  static final int MAX_INLINE_KEY_BYTES = 16 << 10;

  private static final int LONG_KEY_BYTES = 16;
  static final int SMALL_BYTES = 8;
  static final int BIG_BYTES = 18;
  static final int BIG_ID = 8;
  static final int BIG_FIRST = 16;
  static final int BIG_LAST = 17;
  private static final int PLAIN_HEADER = 10;
  private static final int EXPIRING_HEADER = 22;

  private final SlabAllocator slabs;
  private final ByteChain chains;

  int keyAt;

  /** Bytes of the key in the entry; see {@link #keyLength(long)} for that of the key. */
  int keyLength;

  int valueAt;
  int valueLength;

  Entries(SlabAllocator slabs) {
    this.slabs = slabs;
    this.chains = new ByteChain(slabs);
  }

  static int kind(int type, int encoding) {
    return type | encoding << 3;
  }

  static int type(int kind) {
    return kind & 7;
  }

  static int encoding(int kind) {
    return kind >>> 3 & 3;
  }

  int kind(long entry) {
    return slabs.getByte(entry, KIND_AT) & 0xFF;
  }

  /** Finds key and value of the entry; the fields hold until the next call. */
  void read(long entry) {
    int kind = slabs.getByte(entry, KIND_AT);
    int at = (kind & EXPIRES) != 0 ? EXPIRING_HEADER : PLAIN_HEADER;
    int length = slabs.getByte(entry, at++);
    if (length < 0) {
      length = longLength(entry, at, length);
      at += lengthBytes(length) - 1;
    }
    keyAt = at;
    keyLength = length;
    at += length;
    length = slabs.getByte(entry, at++);
    if (length < 0) {
      length = longLength(entry, at, length);
      at += lengthBytes(length) - 1;
    }
    valueAt = at;
    valueLength = length;
  }

  private int longLength(long entry, int at, int first) {
    if ((first & 0x40) == 0) {
      return (first & 0x3F) << 8 | slabs.getByte(entry, at) & 0xFF;
    }
    return slabs.getShort(entry, at) & 0xFFFF;
  }

  private static int lengthBytes(int length) {
    return length < 1 << 7 ? 1 : length < 1 << 14 ? 2 : 3;
  }

  private int writeLength(long entry, int at, int length) {
    if (length < 1 << 7) {
      slabs.putByte(entry, at, (byte) length);
      return at + 1;
    }
    if (length < 1 << 14) {
      slabs.putByte(entry, at, (byte) (0x80 | length >>> 8));
      slabs.putByte(entry, at + 1, (byte) length);
      return at + 2;
    }
    slabs.putByte(entry, at, (byte) 0xC0);
    slabs.putShort(entry, at + 1, (short) length);
    return at + 3;
  }

  /** Bytes that a key takes in its entry. */
  static int keyBytes(int keyLength) {
    return keyLength > MAX_INLINE_KEY_BYTES ? LONG_KEY_BYTES : keyLength;
  }

  /** Bytes of an entry; {@code keyLength} is that of the key in the entry. */
  static int bytes(int keyLength, boolean expires, int valueLength) {
    return (expires ? EXPIRING_HEADER : PLAIN_HEADER)
        + lengthBytes(keyLength)
        + keyLength
        + lengthBytes(valueLength)
        + valueLength;
  }

  /**
   * Writes all but {@code next}, mark, expiry and value, and leaves the fields as {@link #read}.
   *
   * @param kind with LONG_KEY or without, as the key's length has it
   */
  void write(long entry, int kind, Slice key, long hash, int newValueLength) {
    int length = keyBytes(key.length());
    int at = writeHead(entry, kind, length);
    if ((kind & LONG_KEY) != 0) {
      slabs.putLong(entry, at, chains.create(key));
      slabs.putLong(entry, at + 8, hash);
    } else {
      slabs.copyIn(entry, at, key);
    }
    writeTail(entry, at, length, newValueLength);
  }

  /** As {@link #write}, with the key at {@code fromAt} of another entry. */
  void write(long entry, int kind, long from, int fromAt, int length, int newValueLength) {
    int at = writeHead(entry, kind, length);
    slabs.copy(from, fromAt, entry, at, length);
    writeTail(entry, at, length, newValueLength);
  }

  private int writeHead(long entry, int kind, int length) {
    slabs.putByte(entry, KIND_AT, (byte) kind);
    return writeLength(entry, (kind & EXPIRES) != 0 ? EXPIRING_HEADER : PLAIN_HEADER, length);
  }

  private void writeTail(long entry, int at, int length, int newValueLength) {
    keyAt = at;
    keyLength = length;
    valueAt = writeLength(entry, at + length, newValueLength);
    valueLength = newValueLength;
  }

  /**
   * Changes the value's length within the block; of the value, what fits stays. REQUIRES: {@link
   * #read} of this entry came before, and the block is large enough.
   */
  void resizeValue(long entry, int newValueLength) {
    if (newValueLength == valueLength) {
      return;
    }
    int at = keyAt + keyLength;
    int newValueAt = at + lengthBytes(newValueLength);
    if (newValueAt != valueAt) {
      slabs.copy(entry, valueAt, entry, newValueAt, Math.min(valueLength, newValueLength));
    }
    valueAt = writeLength(entry, at, newValueLength);
    valueLength = newValueLength;
  }

  /** The time at which the key expires, in ms, or -1. */
  long expireAtMs(long entry) {
    return (slabs.getByte(entry, KIND_AT) & EXPIRES) == 0 ? -1 : slabs.getLong(entry, EXPIRE_AT);
  }

  /** Length of the key. */
  int keyLength(long entry) {
    read(entry);
    return (kind(entry) & LONG_KEY) == 0 ? keyLength : chains.length(slabs.getLong(entry, keyAt));
  }

  void copyKey(long entry, ByteBuf out) {
    read(entry);
    if ((kind(entry) & LONG_KEY) == 0) {
      slabs.copyOut(entry, keyAt, keyLength, out);
    } else {
      chains.copyTo(slabs.getLong(entry, keyAt), out);
    }
  }

  /** Frees the entry's block, and the key if that lies outside. */
  void free(long entry) {
    if ((kind(entry) & LONG_KEY) != 0) {
      read(entry);
      chains.free(slabs.getLong(entry, keyAt));
    }
    slabs.free(entry);
  }

  /** Moves a long key out of sparse slabs. */
  void relocateKey(long entry) {
    if ((kind(entry) & LONG_KEY) != 0) {
      read(entry);
      slabs.putLong(entry, keyAt, chains.relocate(slabs.getLong(entry, keyAt)));
    }
  }

  @Override
  public boolean keyEquals(long entry, Slice key) {
    int kind = slabs.getByte(entry, KIND_AT);
    int at = (kind & EXPIRES) != 0 ? EXPIRING_HEADER : PLAIN_HEADER;
    int length = slabs.getByte(entry, at++);
    if (length < 0) {
      length = longLength(entry, at, length);
      at += lengthBytes(length) - 1;
    }
    if ((kind & LONG_KEY) != 0) {
      return chains.equals(slabs.getLong(entry, at), key);
    }
    return length == key.length() && slabs.equals(entry, at, length, key);
  }

  @Override
  public long hash(long entry) {
    read(entry);
    return (kind(entry) & LONG_KEY) == 0
        ? slabs.hash(entry, keyAt, keyLength)
        : slabs.getLong(entry, keyAt + 8);
  }
}
