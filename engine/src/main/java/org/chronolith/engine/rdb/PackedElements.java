package org.chronolith.engine.rdb;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import org.chronolith.engine.Slice;

/**
 * Takes apart the values that Redis keeps in one piece: ziplist, listpack, intset and zipmap. Every
 * length and every back length is checked; nothing outside the piece is looked at.
 */
final class PackedElements implements AutoCloseable {
  private static final int END = 0xff;
  private static final int ZIPLIST_HEADER_BYTES = 10;
  private static final int ZIPLIST_WIDE_PREVIOUS = 0xfe;
  private static final int LISTPACK_HEADER_BYTES = 6;
  private static final int COUNT_UNKNOWN = 0xffff;
  private static final int INTSET_HEADER_BYTES = 8;
  private static final int ZIPMAP_WIDE_LENGTH = 0xfe;

  /** Takes elements, one at a time; the slice is valid during the call. */
  interface Sink {
    void element(Slice element);
  }

  /** What is wrong with a piece, and where in it. */
  static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Malformed(String message, int position) {
      super(message + " (at byte " + position + " of it)", null, false, false);
    }
  }

  private final ByteBuf number = ByteBufAllocator.DEFAULT.directBuffer(32);
  private final Slice element = new Slice();
  private ByteBuf in;
  private int at;
  private int end;
  private Sink sink;

  /** Shows the elements of {@code piece}, all its readable bytes, to {@code to}. */
  void forEach(RdbType.Form form, ByteBuf piece, Sink to) {
    in = piece;
    at = piece.readerIndex();
    end = piece.writerIndex();
    sink = to;
    switch (form) {
      case ZIPLIST -> ziplist();
      case LISTPACK -> listpack();
      case INTSET -> intset();
      case ZIPMAP -> zipmap();
      default -> throw new IllegalArgumentException(form + " is no packed form");
    }
  }

  private Malformed malformed(String what) {
    return new Malformed(what, at - in.readerIndex());
  }

  /** REQUIRES before each read: so many bytes are left. */
  private void need(long bytes, String what) {
    if (bytes > end - at) {
      throw malformed(what + " of " + bytes + " bytes goes beyond the end");
    }
  }

  private void bytes(long length, String what) {
    need(length, what);
    sink.element(element.set(in, at, (int) length));
    at += (int) length;
  }

  private void integer(long value) {
    number.clear();
    ByteBufUtil.writeAscii(number, Long.toString(value));
    sink.element(element.set(number, 0, number.readableBytes()));
  }

  /** A signed little-endian number of so many bytes. */
  private long signed(int bytes, String what) {
    need(bytes, what);
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) in.getUnsignedByte(at + i) << 8 * i;
    }
    at += bytes;
    int unused = Long.SIZE - 8 * bytes;
    return value << unused >> unused;
  }

  private int u8(String what) {
    need(1, what);
    return in.getUnsignedByte(at++);
  }

  private void header(int bytes, boolean statesItsSize, String what) {
    need(bytes, what + "'s header");
    if (statesItsSize && in.getUnsignedIntLE(at) != end - at) {
      throw malformed(
          what + " says that it has " + in.getUnsignedIntLE(at) + " bytes, not " + (end - at));
    }
  }

  private void finished(int stated, int found, String what) {
    if (at != end) {
      throw malformed((end - at) + " bytes follow the end of the " + what);
    }
    if (stated != COUNT_UNKNOWN && stated != found) {
      throw malformed(what + " says that it has " + stated + " elements, not " + found);
    }
  }

  // zlbytes u32, zltail u32, zllen u16, entries (length of the one before, encoding, bytes), 0xff.
  private void ziplist() {
    header(ZIPLIST_HEADER_BYTES + 1, true, "the ziplist");
    int start = at;
    long tail = in.getUnsignedIntLE(at + Integer.BYTES);
    int stated = in.getUnsignedShortLE(at + 2 * Integer.BYTES);
    at += ZIPLIST_HEADER_BYTES;
    int found = 0;
    int last = at;
    long previous = 0;
    for (int first = u8("an entry"); first != END; first = u8("an entry")) {
      int entry = at - 1;
      long saidPrevious =
          first == ZIPLIST_WIDE_PREVIOUS ? signed(Integer.BYTES, "a length") & 0xffff_ffffL : first;
      if (saidPrevious != previous) {
        throw malformed("an entry says that the one before has " + saidPrevious + " bytes");
      }
      ziplistEntry(u8("an encoding"));
      previous = at - entry;
      last = entry;
      found++;
    }
    finished(stated, found, "ziplist");
    if (tail != last - start) {
      throw malformed("the ziplist says that its last entry is at byte " + tail);
    }
  }

  private void ziplistEntry(int encoding) {
    switch (encoding >>> 6) {
      case 0 -> bytes(encoding & 0x3f, "a string");
      case 1 -> bytes((encoding & 0x3f) << 8 | u8("a length"), "a string");
      case 2 -> {
        need(Integer.BYTES, "a length");
        long length = in.getUnsignedInt(at);
        at += Integer.BYTES;
        bytes(length, "a string");
      }
      default -> ziplistInteger(encoding);
    }
  }

  private void ziplistInteger(int encoding) {
    switch (encoding) {
      case 0xc0 -> integer(signed(2, "an integer"));
      case 0xd0 -> integer(signed(4, "an integer"));
      case 0xe0 -> integer(signed(8, "an integer"));
      case 0xf0 -> integer(signed(3, "an integer"));
      case 0xfe -> integer(signed(1, "an integer"));
      default -> {
        if (encoding < 0xf1 || encoding > 0xfd) {
          throw malformed("unknown ziplist encoding " + encoding);
        }
        integer((encoding & 0x0f) - 1L);
      }
    }
  }

  // bytes u32, count u16, entries (encoding, bytes, own length, to be read backwards), 0xff.
  private void listpack() {
    header(LISTPACK_HEADER_BYTES + 1, true, "the listpack");
    int stated = in.getUnsignedShortLE(at + Integer.BYTES);
    at += LISTPACK_HEADER_BYTES;
    int found = 0;
    for (int first = u8("an entry"); first != END; first = u8("an entry")) {
      int entry = at - 1;
      listpackEntry(first);
      backLength(at - entry);
      found++;
    }
    finished(stated, found, "listpack");
  }

  private void listpackEntry(int first) {
    if (first < 0x80) {
      integer(first);
    } else if (first < 0xc0) {
      bytes(first & 0x3f, "a string");
    } else if (first < 0xe0) {
      int value = (first & 0x1f) << 8 | u8("an integer");
      integer(value << 19 >> 19);
    } else if (first < 0xf0) {
      bytes((first & 0x0f) << 8 | u8("a length"), "a string");
    } else {
      switch (first) {
        case 0xf0 -> bytes(signed(4, "a length") & 0xffff_ffffL, "a string");
        case 0xf1 -> integer(signed(2, "an integer"));
        case 0xf2 -> integer(signed(3, "an integer"));
        case 0xf3 -> integer(signed(4, "an integer"));
        case 0xf4 -> integer(signed(8, "an integer"));
        default -> throw malformed("unknown listpack encoding " + first);
      }
    }
  }

  /** Seven bits a byte, the most significant first, all but the first marked. */
  private void backLength(int length) {
    int bytes = 1;
    while (bytes < 5 && length >>> 7 * bytes != 0) {
      bytes++;
    }
    need(bytes, "a back length");
    for (int i = bytes - 1; i >= 0; i--) {
      int wanted = length >>> 7 * i & 0x7f | (i == bytes - 1 ? 0 : 0x80);
      if (in.getUnsignedByte(at) != wanted) {
        throw malformed("an entry of " + length + " bytes has another back length");
      }
      at++;
    }
  }

  // bytes per number u32, count u32, numbers, ascending.
  private void intset() {
    header(INTSET_HEADER_BYTES, false, "the intset");
    long width = in.getUnsignedIntLE(at);
    long count = in.getUnsignedIntLE(at + Integer.BYTES);
    if (width != Short.BYTES && width != Integer.BYTES && width != Long.BYTES) {
      throw malformed("an intset of numbers of " + width + " bytes");
    }
    if (count * width != end - at - INTSET_HEADER_BYTES) {
      throw malformed("an intset of " + count + " numbers in " + (end - at) + " bytes");
    }
    at += INTSET_HEADER_BYTES;
    while (at < end) {
      integer(signed((int) width, "a number"));
    }
  }

  // count u8, then field and value in turn (length, of values a byte count of slack, bytes), 0xff.
  private void zipmap() {
    int stated = u8("the zipmap's count");
    int found = 0;
    for (int first = u8("a field"); first != END; first = u8("a field")) {
      bytes(zipmapLength(first), "a field");
      long length = zipmapLength(u8("a value"));
      int slack = u8("a value's slack");
      bytes(length, "a value");
      need(slack, "a value's slack");
      at += slack;
      found++;
    }
    finished(stated >= ZIPMAP_WIDE_LENGTH ? COUNT_UNKNOWN : stated, found, "zipmap");
  }

  private long zipmapLength(int first) {
    if (first == END) {
      throw malformed("the zipmap ends inside a pair");
    }
    return first == ZIPMAP_WIDE_LENGTH ? signed(Integer.BYTES, "a length") & 0xffff_ffffL : first;
  }

  @Override
  public void close() {
    number.release();
  }
}
