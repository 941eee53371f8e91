package org.chronolith.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.chronolith.network.RequestDecoder.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestDecoderTest {
  private static final long MAX_BULK = 512L << 20;

  /** Input, and the error that redis-server 7.0 answers with, or null: it waits for more. */
  static List<String[]> malformed() {
    String ones = "1".repeat(70_000);
    return List.of(
        new String[] {"*1\r\n+4\r\n", "expected '$', got '+'"},
        new String[] {"*1\r\n*1\r\n", "expected '$', got '*'"},
        new String[] {"*1\r\n\u0001\r\n", "expected '$', got '\u0001'"},
        new String[] {"*abc\r\n", "invalid multibulk length"},
        new String[] {"*\r\n", "invalid multibulk length"},
        new String[] {"*+1\r\n", "invalid multibulk length"},
        new String[] {"*01\r\n", "invalid multibulk length"},
        new String[] {"*-\r\n", "invalid multibulk length"},
        new String[] {"*1 \r\n", "invalid multibulk length"},
        new String[] {"*2147483648\r\n", "invalid multibulk length"},
        new String[] {"*99999999999999999999999\r\n", "invalid multibulk length"},
        new String[] {"*2147483647\r\n", null},
        new String[] {"*1048577\r\n", null},
        new String[] {"*1\r\n$-1\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$a\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$007\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$536870913\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$9223372036854775807\r\n", "invalid bulk length"},
        new String[] {"*1\r\n$536870912\r\n", null},
        new String[] {"*2\r\n$4\r\nPING\r\n:3\r\n", "expected '$', got ':'"},
        new String[] {"*" + ones, "too big mbulk count string"},
        new String[] {"*1\r\n$" + ones, "too big bulk count string"},
        new String[] {"a".repeat(70_000), "too big inline request"},
        new String[] {"PING \"a\r\n", "unbalanced quotes in request"},
        new String[] {"PING 'a\r\n", "unbalanced quotes in request"},
        new String[] {"PING \"a\"b\r\n", "unbalanced quotes in request"},
        new String[] {"PING 'a'b\r\n", "unbalanced quotes in request"},
        new String[] {"PING \"a\\\r\n", "unbalanced quotes in request"});
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void shouldRefuseMalformedInputWithRedisText(String input, String error) {
    byte[] bytes = bytes(input);
    assertEquals(error, errorOf(new Chunks(bytes, bytes.length)));
    assertEquals(error, errorOf(new Chunks(bytes, 1)));
  }

  private static String errorOf(Chunks chunks) {
    try {
      chunks.decodeAll();
      return null;
    } catch (ProtocolException e) {
      return e.getMessage();
    }
  }

  /** Input, and the arguments it stands for. */
  static List<Object[]> wellFormed() {
    return List.of(
        new Object[] {"*1\r\n$4\r\nPING\r\n", List.of("PING")},
        new Object[] {"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", List.of("ECHO", "")},
        new Object[] {
          "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\r\n\r\n", List.of("SET", "k", "\r\n\r\n")
        },
        new Object[] {"*0\r\n*-1\r\n*-10\r\n*1\r\n$1\r\na\r\n", List.of("a")},
        new Object[] {"PING\r\n", List.of("PING")},
        new Object[] {"PING\n", List.of("PING")},
        new Object[] {"\r\n\n  \r\n  PING \t a  \r\n", List.of("PING", "a")},
        new Object[] {
          "set k \"\\x41\\n\\r\\t\\b\\a\\\"\\\\\\z\\xZZ\"\r\n",
          List.of("set", "k", "A\n\r\t\b\u0007\"\\zxZZ")
        },
        new Object[] {"set k 'it\\'s \\n'\r\n", List.of("set", "k", "it's \\n")},
        new Object[] {"set \"\" ''\r\n", List.of("set", "", "")},
        new Object[] {"PING a\"b c\"\r\n", List.of("PING", "ab c")},
        new Object[] {"PING\rfoo\r\n", List.of("PING", "foo")},
        new Object[] {"PING \u00ff\u0080\r\n", List.of("PING", "\u00ff\u0080")});
  }

  @ParameterizedTest
  @MethodSource("wellFormed")
  void shouldDecodeWhereverTheInputIsSplit(String input, List<String> expected) {
    byte[] bytes = bytes(input);
    for (int split = 1; split <= bytes.length; split++) {
      assertEquals(List.of(expected), new Chunks(bytes, split).decodeAll(), "split at " + split);
    }
  }

  @Test
  void shouldRefuseInlineCommandsOfAMaster() {
    Request request = new Request();
    RequestDecoder decoder = RequestDecoder.ofMaster(MAX_BULK);
    ByteBuf in = Unpooled.wrappedBuffer(bytes("\n\r\n*1\r\n$4\r\nPING\r\nPING\r\n"));
    assertEquals(Result.REQUEST, decoder.decode(in, request));
    assertEquals("PING", request.text(0));
    ProtocolException refused =
        assertThrows(ProtocolException.class, () -> decoder.decode(in, request));
    assertEquals(
        "Receiving inline protocol from master, master stream corruption?", refused.getMessage());
  }

  @Test
  void shouldSayWhetherTheBytesAreCanonical() {
    Request request = new Request();
    RequestDecoder decoder = new RequestDecoder(MAX_BULK);
    ByteBuf in =
        Unpooled.wrappedBuffer(bytes("*0\r\n*1\r\n$4\r\nPING\r\n*1\rX$4\rYPINGzzPING\r\n"));

    assertEquals(Result.REQUEST, decoder.decode(in, request));
    assertTrue(request.multibulk());
    assertEquals(
        "*1\r\n$4\r\nPING\r\n",
        in.toString(request.rawOffset(), request.rawLength(), StandardCharsets.ISO_8859_1));

    // redis-server does not look at the second byte of a line end either.
    assertEquals(Result.REQUEST, decoder.decode(in, request));
    assertEquals("PING", request.text(0));
    assertFalse(request.multibulk());

    assertEquals(Result.REQUEST, decoder.decode(in, request));
    assertEquals("PING", request.text(0));
    assertFalse(request.multibulk());
    assertEquals(Result.NEED_MORE, decoder.decode(in, request));
    assertFalse(in.isReadable());
  }

  @Test
  void shouldLimitStrangers() {
    RequestDecoder decoder = new RequestDecoder(MAX_BULK);
    decoder.authenticated(false);
    assertEquals("unauthenticated multibulk length", refused(decoder, "*11\r\n"));
    decoder.reset();
    assertEquals("unauthenticated bulk length", refused(decoder, "*1\r\n$16385\r\n"));
    decoder.reset();
    assertEquals(
        Result.NEED_MORE,
        decoder.decode(Unpooled.wrappedBuffer(bytes("*10\r\n$16384\r\n")), new Request()));
  }

  private static String refused(RequestDecoder decoder, String input) {
    return assertThrows(
            ProtocolException.class,
            () -> decoder.decode(Unpooled.wrappedBuffer(bytes(input)), new Request()))
        .getMessage();
  }

  @Test
  void shouldSayHowManyBytesAnArgumentNeeds() {
    RequestDecoder decoder = new RequestDecoder(MAX_BULK);
    ByteBuf in = Unpooled.wrappedBuffer(bytes("*2\r\n$1\r\na\r\n$1000\r\nxyz"));
    assertEquals(0, decoder.wantedBytes());
    assertEquals(Result.NEED_MORE, decoder.decode(in, new Request()));
    assertEquals(in.readableBytes() - 3 + 1000 + 2, decoder.wantedBytes());
  }

  @Test
  void shouldGiveRoomForManyArgumentsBack() {
    int count = 50_000;
    StringBuilder big = new StringBuilder("*" + count + "\r\n");
    for (int i = 0; i < count; i++) {
      String argument = Integer.toString(i);
      big.append('$').append(argument.length()).append("\r\n").append(argument).append("\r\n");
    }
    big.append("*1\r\n$1\r\na\r\n");
    List<List<String>> requests = new Chunks(bytes(big.toString()), 997).decodeAll();
    assertEquals(2, requests.size());
    assertEquals(count, requests.get(0).size());
    assertEquals("49999", requests.get(0).get(count - 1));
    assertEquals(List.of("a"), requests.get(1));
  }

  @Test
  void shouldDecodeRandomRequestsSplitAtRandom() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<List<String>> expected = new ArrayList<>();
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    for (int i = 0; i < 2_000; i++) {
      List<String> arguments = new ArrayList<>();
      int count = 1 + random.nextInt(random.nextInt(50) == 0 ? 3_000 : 6);
      for (int j = 0; j < count; j++) {
        byte[] argument = new byte[random.nextInt(random.nextInt(40) == 0 ? 5_000 : 20)];
        random.nextBytes(argument);
        arguments.add(new String(argument, StandardCharsets.ISO_8859_1));
      }
      expected.add(arguments);
      wire.writeBytes(multibulk(arguments));
      if (random.nextInt(4) == 0) {
        wire.writeBytes(bytes(random.nextBoolean() ? "\r\n" : "*0\r\n"));
      }
    }
    List<List<String>> actual = new Chunks(wire.toByteArray(), random, 4_000).decodeAll();
    assertEquals(expected, actual, "seed " + seed);
  }

  @Test
  void shouldDecideTheSameOfRandomBytesHoweverTheyAreSplit() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] alphabet = bytes("*$\r\n\r\n0123-+ab\"'\\ x\u0000\u00ff");
    for (int round = 0; round < 20_000; round++) {
      byte[] input = new byte[random.nextInt(60)];
      for (int i = 0; i < input.length; i++) {
        input[i] = alphabet[random.nextInt(alphabet.length)];
      }
      Object whole = outcome(new Chunks(input, Math.max(1, input.length)));
      Object bytewise = outcome(new Chunks(input, 1));
      if (!whole.equals(bytewise)) {
        fail("seed " + seed + ": " + Arrays.toString(input) + " " + whole + " / " + bytewise);
      }
    }
  }

  private static Object outcome(Chunks chunks) {
    try {
      chunks.decodeAll();
      return chunks.decoded;
    } catch (ProtocolException e) {
      return chunks.decoded + e.getMessage();
    }
  }

  static byte[] multibulk(List<String> arguments) {
    StringBuilder text = new StringBuilder("*" + arguments.size() + "\r\n");
    for (String argument : arguments) {
      text.append('$').append(argument.length()).append("\r\n").append(argument).append("\r\n");
    }
    return bytes(text.toString());
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Feeds input in pieces, moving the unread bytes to another place before each. */
  private static final class Chunks {
    private final byte[] input;
    private final Random random;
    private final int size;
    private final RequestDecoder decoder = new RequestDecoder(MAX_BULK);
    private final Request request = new Request();
    final List<List<String>> decoded = new ArrayList<>();

    Chunks(byte[] input, int size) {
      this(input, null, size);
    }

    Chunks(byte[] input, Random random, int size) {
      this.input = input;
      this.random = random;
      this.size = size;
    }

    List<List<String>> decodeAll() {
      ByteBuf unread = Unpooled.EMPTY_BUFFER;
      int at = 0;
      while (at < input.length) {
        int next = Math.min(input.length - at, random == null ? size : 1 + random.nextInt(size));
        int padding = at % 7;
        ByteBuf moved = Unpooled.buffer(padding + unread.readableBytes() + next);
        moved.writeZero(padding).skipBytes(padding);
        moved.writeBytes(unread).writeBytes(input, at, next);
        at += next;
        while (decoder.decode(moved, request) == Result.REQUEST) {
          decoded.add(arguments());
        }
        unread = moved;
      }
      return decoded;
    }

    private List<String> arguments() {
      List<String> arguments = new ArrayList<>();
      for (int i = 0; i < request.count(); i++) {
        arguments.add(request.text(i));
        assertArrayEquals(bytes(request.text(i)), request.bytes(i));
      }
      return arguments;
    }
  }
}
