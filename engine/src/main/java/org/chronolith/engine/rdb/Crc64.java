package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;

/** CRC-64 of Jones, reflected, from zero: what ends an RDB. */
final class Crc64 {
  private static final long POLYNOMIAL = 0x95ac9329ac4bc9b5L;
  private static final int SLICES = 8;
  private static final long[][] TABLE = new long[SLICES][256];

  static {
    for (int i = 0; i < 256; i++) {
      long crc = i;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) != 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
      }
      TABLE[0][i] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++) {
      for (int i = 0; i < 256; i++) {
        long crc = TABLE[slice - 1][i];
        TABLE[slice][i] = TABLE[0][(int) crc & 0xff] ^ (crc >>> 8);
      }
    }
  }

  private long crc;

  long value() {
    return crc;
  }

  void update(ByteBuf bytes, int from, int length) {
    long value = crc;
    int at = from;
    int end = from + length;
    while (end - at >= SLICES) {
      value ^= bytes.getLongLE(at);
      value =
          TABLE[7][(int) value & 0xff]
              ^ TABLE[6][(int) (value >>> 8) & 0xff]
              ^ TABLE[5][(int) (value >>> 16) & 0xff]
              ^ TABLE[4][(int) (value >>> 24) & 0xff]
              ^ TABLE[3][(int) (value >>> 32) & 0xff]
              ^ TABLE[2][(int) (value >>> 40) & 0xff]
              ^ TABLE[1][(int) (value >>> 48) & 0xff]
              ^ TABLE[0][(int) (value >>> 56)];
      at += SLICES;
    }
    while (at < end) {
      value = TABLE[0][(int) (value ^ bytes.getByte(at)) & 0xff] ^ (value >>> 8);
      at++;
    }
    crc = value;
  }
}
