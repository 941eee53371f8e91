package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Writes RDBs byte by byte, in every encoding that a Redis has ever written. */
final class RdbBytes {
  private final ByteBuf out = Unpooled.buffer();

  static RdbBytes version(int version) {
    RdbBytes made = new RdbBytes();
    made.raw(String.format(Locale.ROOT, "REDIS%04d", version));
    return made;
  }

  RdbBytes raw(String bytes) {
    out.writeCharSequence(bytes, StandardCharsets.ISO_8859_1);
    return this;
  }

  RdbBytes bytes(int... values) {
    for (int value : values) {
      out.writeByte(value);
    }
    return this;
  }

  RdbBytes length(long value) {
    if (value < 64) {
      out.writeByte((int) value);
    } else if (value < 1 << 14) {
      out.writeShort((int) value | 0x4000);
    } else {
      out.writeByte(0x80).writeInt((int) value);
    }
    return this;
  }

  RdbBytes longLE(long value) {
    out.writeLongLE(value);
    return this;
  }

  RdbBytes string(String value) {
    return length(value.length()).raw(value);
  }

  RdbBytes string(ByteBuf value) {
    length(value.readableBytes());
    out.writeBytes(value.duplicate());
    return this;
  }

  /** A type's code and the key. */
  RdbBytes key(RdbType type, String name) {
    return bytes(type.code()).string(name);
  }

  RdbBytes aux(String name, String value) {
    return bytes(RdbFormat.OP_AUX).string(name).string(value);
  }

  /** {@code 'x'} so many times, at least 10, as LZF: one literal and copies of it. */
  RdbBytes lzfRun(char x, int length) {
    ByteBuf packed = Unpooled.buffer();
    packed.writeByte(0).writeByte(x);
    int left = length - 1;
    while (left > 0) {
      int run = Math.min(left, 264);
      if (run < 3) {
        packed.writeByte(run - 1).writeCharSequence("" + x, StandardCharsets.ISO_8859_1);
        if (run == 2) {
          packed.writeByte(x);
        }
      } else if (run < 9) {
        packed.writeByte(run - 2 << 5).writeByte(0);
      } else {
        packed.writeByte(7 << 5).writeByte(run - 9).writeByte(0);
      }
      left -= run;
    }
    bytes(0xc3).length(packed.readableBytes()).length(length);
    out.writeBytes(packed);
    return this;
  }

  /** The end with its checksum. */
  byte[] end() {
    return end(true);
  }

  byte[] end(boolean checksum) {
    out.writeByte(RdbFormat.OP_EOF);
    Crc64 crc = new Crc64();
    crc.update(out, 0, out.readableBytes());
    out.writeLongLE(checksum ? crc.value() : 0);
    return unfinished();
  }

  byte[] unfinished() {
    byte[] all = new byte[out.readableBytes()];
    out.getBytes(0, all);
    return all;
  }

  // ------------------------------------------------------------------ packed values

  /** Elements are strings, or numbers ({@code Long}) in their shortest form. */
  static ByteBuf ziplist(Object... elements) {
    ByteBuf body = Unpooled.buffer();
    int previous = 0;
    int last = 10;
    for (Object element : elements) {
      int start = body.writerIndex();
      last = 10 + start;
      if (previous < 254) {
        body.writeByte(previous);
      } else {
        body.writeByte(254).writeIntLE(previous);
      }
      if (element instanceof Long number) {
        ziplistInteger(body, number);
      } else {
        ziplistString(body, (String) element);
      }
      previous = body.writerIndex() - start;
    }
    ByteBuf list = Unpooled.buffer();
    list.writeIntLE(11 + body.readableBytes()).writeIntLE(last).writeShortLE(elements.length);
    return list.writeBytes(body).writeByte(0xff);
  }

  private static void ziplistInteger(ByteBuf out, long number) {
    if (number >= 0 && number <= 12) {
      out.writeByte(0xf1 + (int) number);
    } else if (number == (byte) number) {
      out.writeByte(0xfe).writeByte((int) number);
    } else if (number == (short) number) {
      out.writeByte(0xc0).writeShortLE((int) number);
    } else if (number << 40 >> 40 == number) {
      out.writeByte(0xf0).writeMediumLE((int) number);
    } else if (number == (int) number) {
      out.writeByte(0xd0).writeIntLE((int) number);
    } else {
      out.writeByte(0xe0).writeLongLE(number);
    }
  }

  private static void ziplistString(ByteBuf out, String text) {
    int length = text.length();
    if (length < 64) {
      out.writeByte(length);
    } else if (length < 1 << 14) {
      out.writeShort(0x4000 | length);
    } else {
      out.writeByte(0x80).writeInt(length);
    }
    out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
  }

  static ByteBuf listpack(Object... elements) {
    ByteBuf body = Unpooled.buffer();
    for (Object element : elements) {
      int start = body.writerIndex();
      if (element instanceof Long number) {
        listpackInteger(body, number);
      } else {
        listpackString(body, (String) element);
      }
      backLength(body, body.writerIndex() - start);
    }
    ByteBuf list = Unpooled.buffer();
    list.writeIntLE(7 + body.readableBytes()).writeShortLE(elements.length);
    return list.writeBytes(body).writeByte(0xff);
  }

  private static void listpackInteger(ByteBuf out, long number) {
    if (number >= 0 && number < 128) {
      out.writeByte((int) number);
    } else if (number >= -4096 && number < 4096) {
      out.writeShort(0xc000 | (int) number & 0x1fff);
    } else if (number == (short) number) {
      out.writeByte(0xf1).writeShortLE((int) number);
    } else if (number << 40 >> 40 == number) {
      out.writeByte(0xf2).writeMediumLE((int) number);
    } else if (number == (int) number) {
      out.writeByte(0xf3).writeIntLE((int) number);
    } else {
      out.writeByte(0xf4).writeLongLE(number);
    }
  }

  private static void listpackString(ByteBuf out, String text) {
    int length = text.length();
    if (length < 64) {
      out.writeByte(0x80 | length);
    } else if (length < 4096) {
      out.writeShort(0xe000 | length);
    } else {
      out.writeByte(0xf0).writeIntLE(length);
    }
    out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
  }

  private static void backLength(ByteBuf out, int length) {
    int bytes = length < 128 ? 1 : length < 16384 ? 2 : length < 2097152 ? 3 : 4;
    for (int i = bytes - 1; i >= 0; i--) {
      out.writeByte(length >>> 7 * i & 127 | (i == bytes - 1 ? 0 : 128));
    }
  }

  static ByteBuf intset(int width, long... numbers) {
    ByteBuf set = Unpooled.buffer();
    set.writeIntLE(width).writeIntLE(numbers.length);
    for (long number : numbers) {
      switch (width) {
        case 2 -> set.writeShortLE((int) number);
        case 4 -> set.writeIntLE((int) number);
        default -> set.writeLongLE(number);
      }
    }
    return set;
  }

  /** Fields and values in turn; values get a byte of slack, as an overwrite leaves it. */
  static ByteBuf zipmap(String... pairs) {
    ByteBuf map = Unpooled.buffer();
    map.writeByte(Math.min(254, pairs.length / 2));
    for (int i = 0; i < pairs.length; i++) {
      int length = pairs[i].length();
      if (length < 254) {
        map.writeByte(length);
      } else {
        map.writeByte(254).writeIntLE(length);
      }
      boolean value = i % 2 == 1;
      if (value) {
        map.writeByte(1);
      }
      map.writeCharSequence(pairs[i], StandardCharsets.ISO_8859_1);
      if (value) {
        map.writeByte('?');
      }
    }
    return map.writeByte(0xff);
  }
}
