package org.chronolith.engine.keyspace;

/** The keys of snapshot items; {@code docs/formats/snapshot.md} draws them. Big-endian. */
final class ItemKeys {
  /** {@code [0x00]}: the one item that describes the keyspace. */
  static final byte HEADER = 0x00;

  /** {@code [0x10][space id u32][key]}. */
  static final byte ENTRY = 0x10;

  /** {@code [0x20][collection id u64][item key of the element]}. */
  static final byte ELEMENT = 0x20;

  /** Above all items. */
  static final byte END = (byte) 0xFF;

  static final byte FORMAT_VERSION = 1;
  static final int ENTRY_PREFIX_BYTES = 5;
  static final int ELEMENT_PREFIX_BYTES = 9;

  private ItemKeys() {}
}
