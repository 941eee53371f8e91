package org.chronolith.engine.rdb;

/** Numbers of the RDB format that reader and writer share. */
final class RdbFormat {
  static final String MAGIC = "REDIS";

  /** The oldest version that is read: of Redis 2.6, the first with a checksum. */
  static final int OLDEST_VERSION = 5;

  /** The newest version that is read: of Redis 7.2. */
  static final int NEWEST_VERSION = 11;

  /** The first version that has {@link #OP_AUX} and {@link #OP_RESIZE_DB}. */
  static final int AUX_VERSION = 7;

  static final int OP_FUNCTION_2 = 245;
  static final int OP_FUNCTION_PRE_GA = 246;
  static final int OP_MODULE_AUX = 247;
  static final int OP_IDLE = 248;
  static final int OP_FREQ = 249;
  static final int OP_AUX = 250;
  static final int OP_RESIZE_DB = 251;
  static final int OP_EXPIRE_MS = 252;
  static final int OP_EXPIRE_S = 253;
  static final int OP_SELECT_DB = 254;
  static final int OP_EOF = 255;

  /** Scores as text: the length byte of what is no number, and of the infinities. */
  static final int SCORE_NAN = 253;

  static final int SCORE_INFINITE = 254;
  static final int SCORE_MINUS_INFINITE = 255;

  /** Lengths: the two upper bits of the first byte. */
  static final int LENGTH_6 = 0;

  static final int LENGTH_14 = 1;
  static final int LENGTH_WIDE = 2;
  static final int ENCODED = 3;

  static final int WIDE_32 = 0x80;
  static final int WIDE_64 = 0x81;

  /** Encoded strings: the six lower bits. */
  static final int ENCODED_INT8 = 0;

  static final int ENCODED_INT16 = 1;
  static final int ENCODED_INT32 = 2;
  static final int ENCODED_LZF = 3;

  private RdbFormat() {}
}
