package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class RespWriterTest {
  private static void check(String resp2, String resp3, Consumer<RespWriter> action) {
    assertEquals(resp2, written(2, action));
    assertEquals(resp3, written(3, action));
  }

  private static String written(int protocol, Consumer<RespWriter> action) {
    RespWriter writer = RespWriter.inMemory(protocol);
    action.accept(writer);
    ByteBuf all = writer.take();
    try {
      return all.toString(StandardCharsets.ISO_8859_1);
    } finally {
      all.release();
    }
  }

  @Test
  void shouldWriteWhatBothProtocolsHave() {
    check("+OK\r\n", "+OK\r\n", RespWriter::ok);
    check("+a b\r\n", "+a b\r\n", w -> w.simple("a b"));
    check("+a b\r\n", "+a b\r\n", w -> w.simple("a b".getBytes(StandardCharsets.US_ASCII)));
    check("-ERR a  b\r\n", "-ERR a  b\r\n", w -> w.error("ERR a\r\nb"));
    check("$0\r\n\r\n", "$0\r\n\r\n", w -> w.bulk(""));
    check("$2\r\n\u00c3\u00a9\r\n", "$2\r\n\u00c3\u00a9\r\n", w -> w.bulk("\u00e9"));
    check("$3\r\n-12\r\n", "$3\r\n-12\r\n", w -> w.bulk(-12));
    check("*12\r\n", "*12\r\n", w -> w.array(12));
    ByteBuf source = Unpooled.wrappedBuffer(new byte[] {'a', 'b', 'c', 'd'});
    check("$2\r\nbc\r\n", "$2\r\nbc\r\n", w -> w.bulk(source, 1, 2));
    check("bc", "bc", w -> w.raw(source, 1, 2));
    check(
        "$3\r\nxyz\r\n",
        "$3\r\nxyz\r\n",
        w -> {
          w.bulkHeader(3);
          w.buffer().writeByte('x').writeByte('y').writeByte('z');
          w.endBulk();
        });
  }

  @Test
  void shouldWriteWhatOnlyResp3Has() {
    check("$-1\r\n", "_\r\n", RespWriter::nullBulk);
    check("*-1\r\n", "_\r\n", RespWriter::nullArray);
    check("*4\r\n", "%2\r\n", w -> w.map(2));
    check("*2\r\n", "~2\r\n", w -> w.set(2));
    check("*2\r\n", ">2\r\n", w -> w.push(2));
    check(
        ":1\r\n:0\r\n",
        "#t\r\n#f\r\n",
        w -> {
          w.bool(true);
          w.bool(false);
        });
    check("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", w -> w.verbatim("txt", "hi"));
    check("$3\r\n123\r\n", "(123\r\n", w -> w.bigNumber("123"));
    check("$1\r\n3\r\n", ",3\r\n", w -> w.doubleValue(3));
    check("$18\r\n3.1000000000000001\r\n", ",3.1000000000000001\r\n", w -> w.doubleValue(3.1));
    check("$4\r\n-inf\r\n", ",-inf\r\n", w -> w.doubleValue(Double.NEGATIVE_INFINITY));
  }

  @Test
  void shouldWriteIntegersOfAnySize() {
    long[] values = {0, 1, 9, 10, 99, 100, 12345, -1, -9, -10, Long.MAX_VALUE, Long.MIN_VALUE};
    for (long value : values) {
      check(":" + value + "\r\n", ":" + value + "\r\n", w -> w.integer(value));
    }
  }

  @Test
  void shouldPutDeferredHeadersInPlace() {
    check(
        "*2\r\n:1\r\n*4\r\n$1\r\na\r\n:2\r\n*0\r\n",
        "*2\r\n:1\r\n%2\r\n$1\r\na\r\n:2\r\n~0\r\n",
        w -> {
          long outer = w.defer();
          w.integer(1);
          long inner = w.defer();
          w.bulk("a");
          w.integer(2);
          w.deferredMap(inner, 2);
          w.deferredArray(outer, 2);
          w.deferredSet(w.defer(), 0);
        });
  }

  @Test
  void shouldDeferAcrossChunksAndRewind() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      RespWriter writer = RespWriter.inMemory(2);
      StringBuilder expected = new StringBuilder();
      nested(random, writer, expected, 0);
      long position = writer.position();
      int length = expected.length();
      nested(random, writer, expected, 0);
      if (random.nextBoolean()) {
        writer.rewind(position);
        expected.setLength(length);
        writer.integer(7);
        expected.append(":7\r\n");
      }
      assertEquals(expected.length(), writer.pendingBytes(), "seed " + seed);
      ByteBuf all = writer.take();
      assertEquals(expected.toString(), all.toString(StandardCharsets.US_ASCII), "seed " + seed);
      all.release();
    }
  }

  private static void nested(Random random, RespWriter writer, StringBuilder expected, int depth) {
    int count = random.nextInt(6);
    long mark = writer.defer();
    StringBuilder elements = new StringBuilder();
    for (int i = 0; i < count; i++) {
      if (depth < 3 && random.nextInt(3) == 0) {
        nested(random, writer, elements, depth + 1);
      } else {
        int length = random.nextInt(random.nextInt(8) == 0 ? 100_000 : 2_000);
        String text = "x".repeat(length);
        writer.bulk(text);
        elements.append('$').append(length).append("\r\n").append(text).append("\r\n");
      }
    }
    writer.deferredArray(mark, count);
    expected.append('*').append(count).append("\r\n").append(elements);
  }

  @Test
  void shouldNotRewindBeyondWhatWasTaken() {
    RespWriter writer = RespWriter.inMemory(2);
    writer.ok();
    writer.take().release();
    assertThrows(IllegalArgumentException.class, () -> writer.rewind(0));
    assertThrows(IllegalArgumentException.class, () -> writer.rewind(6));
    assertThrows(IllegalArgumentException.class, () -> writer.protocol(4));
  }
}
