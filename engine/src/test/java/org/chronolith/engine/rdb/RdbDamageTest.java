package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.chronolith.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes that are no RDB, or not quite one: a clear error with the offset, and nothing else. */
class RdbDamageTest {
  private static final int FUZZ_ROUNDS = 200;

  static Stream<Arguments> damage() {
    return Stream.of(
        row("empty", new byte[0], "at byte 0: it ends inside the header"),
        row("no magic", "SQLite format 3".getBytes(), "at byte 0: it does not begin with REDIS"),
        row("no data", RdbBytes.version(9).unfinished(), "at byte 9: it ends inside the data"),
        row("unknown type", rdb().bytes(8).string("k").end(), "unknown type or operation 8"),
        row("unknown operation", rdb().bytes(99).end(), "unknown type or operation 99"),
        row(
            "a length of 8 EB",
            rdb().key(RdbType.STRING, "k").bytes(0x81).longLE(0x7f).end(),
            "bytes; the longest allowed has 1048576"),
        row(
            "a negative length",
            rdb().key(RdbType.STRING, "k").bytes(0x81).longLE(-1).end(),
            "a value is 18446744073709551615"),
        row(
            "more than is left",
            rdb().key(RdbType.STRING, "k").bytes(0x80, 0, 1, 0, 0).raw("x").end(),
            "a value of 65536 bytes, but only 10 are left"),
        row(
            "a length that is none",
            rdb().key(RdbType.LIST, "k").bytes(0x82).end(),
            "the byte 130 begins no length"),
        row(
            "an encoded count",
            rdb().key(RdbType.LIST, "k").bytes(0xc0, 1).end(),
            "an encoded string instead of a count of elements"),
        row(
            "an unknown encoding",
            rdb().key(RdbType.STRING, "k").bytes(0xc4).end(),
            "the byte 196 begins no string"),
        row(
            "compressed beyond reason",
            rdb().key(RdbType.STRING, "k").bytes(0xc3, 2, 0x80, 0, 1, 0, 0, 0, 'x').end(),
            "2 compressed bytes cannot be 65536"),
        row(
            "compressed, a copy from before the start",
            rdb().key(RdbType.STRING, "k").bytes(0xc3, 4, 6, 0, 'x', 0x20, 9).end(),
            "do not unfold to 6 bytes"),
        row(
            "compressed, longer than stated",
            rdb().key(RdbType.STRING, "k").bytes(0xc3, 3, 1, 1, 'x', 'x').end(),
            "do not unfold to 1 bytes"),
        row(
            "a key twice",
            rdb().key(RdbType.STRING, "k").string("").key(RdbType.STRING, "k").string("").end(),
            "the key 'k' is there twice"),
        row(
            "a member twice",
            rdb().key(RdbType.SET, "k").length(2).string("m").string("m").end(),
            "a set has a member twice"),
        row(
            "a field twice",
            packed(RdbType.HASH_LISTPACK, RdbBytes.listpack("f", "v", "f", "w")),
            "a hash has a field twice"),
        row(
            "a scored member twice",
            packed(RdbType.ZSET_ZIPLIST, RdbBytes.ziplist("m", 1L, "m", 2L)),
            "a sorted set has a member twice"),
        row(
            "half a pair",
            packed(RdbType.ZSET_LISTPACK, RdbBytes.listpack("m", 1L, "n")),
            "has half a pair"),
        row(
            "a score that is none",
            packed(RdbType.ZSET_LISTPACK, RdbBytes.listpack("m", "many")),
            "a score that is not a number"),
        row(
            "a score of nan",
            rdb().key(RdbType.ZSET, "k").length(1).string("m").bytes(253).end(),
            "a score that is not a number"),
        row(
            "a node of another kind",
            rdb().key(RdbType.LIST_QUICKLIST_2, "k").length(1).length(3).string("").end(),
            "a quicklist node of kind 3"),
        row("an empty piece", packed(RdbType.LIST_ZIPLIST, Unpooled.EMPTY_BUFFER), "header"),
        row(
            "another size in a ziplist",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(0, 99)),
            "the ziplist says that it has 99 bytes, not 14"),
        row(
            "another tail in a ziplist",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(4, 11)),
            "says that its last entry is at byte 11"),
        row(
            "another count in a ziplist",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(8, 2)),
            "ziplist says that it has 2 elements, not 1"),
        row(
            "another length of the one before",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a", "b").setByte(13, 4)),
            "an entry says that the one before has 4 bytes (at byte 14 of it)"),
        row(
            "a ziplist's string beyond its end",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(11, 63)),
            "a string of 63 bytes goes beyond the end"),
        row(
            "a ziplist's number beyond its end",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(11, 0xe0)),
            "an integer of 8 bytes goes beyond the end"),
        row(
            "no end of a ziplist",
            packed(RdbType.LIST_ZIPLIST, RdbBytes.ziplist("a").setByte(13, 0)),
            "an entry says that the one before has 0 bytes (at byte 14 of it)"),
        row(
            "another back length in a listpack",
            packed(RdbType.HASH_LISTPACK, RdbBytes.listpack("f", "v").setByte(8, 9)),
            "an entry of 2 bytes has another back length"),
        row(
            "a listpack's unknown encoding",
            packed(RdbType.HASH_LISTPACK, RdbBytes.listpack("f", "v").setByte(6, 0xf9)),
            "unknown listpack encoding 249"),
        row(
            "an intset of odd numbers",
            packed(RdbType.SET_INTSET, RdbBytes.intset(2, 1).setByte(0, 3)),
            "numbers of 3 bytes"),
        row(
            "an intset of too many",
            packed(RdbType.SET_INTSET, RdbBytes.intset(2, 1).setByte(7, 0x7f)),
            "an intset of 2130706433 numbers"),
        row(
            "a zipmap that ends inside a pair",
            packed(RdbType.HASH_ZIPMAP, Unpooled.wrappedBuffer(new byte[] {1, 1, 'f', -1})),
            "the zipmap ends inside a pair"),
        row("an expiry without a key", rdb().bytes(252).longLE(5).end(), "expiry without a key"),
        row("junk behind", Arrays.copyOf(rdb().end(), 30), "at byte 18: bytes follow its end"));
  }

  private static Arguments row(String name, byte[] rdb, String message) {
    return Arguments.of(name, rdb, message);
  }

  private static RdbBytes rdb() {
    return RdbBytes.version(9);
  }

  private static byte[] packed(RdbType type, ByteBuf piece) {
    return rdb().key(type, "k").string(piece).end();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damage")
  void shouldSayWhatIsWrongAndWhere(String name, byte[] rdb, String message) {
    try (RdbFixture fixture = new RdbFixture()) {
      EngineException e = assertThrows(EngineException.class, () -> fixture.read(rdb));
      assertTrue(e.getMessage().startsWith("the RDB is damaged at byte "), e.getMessage());
      assertTrue(e.getMessage().contains(message), e.getMessage());
      assertEquals(EngineException.Severity.CORRUPTION, e.severity());
    }
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] rdb = RdbSamples.upTo10().end();
    Random random = new Random(7);
    for (int length = 0; length < rdb.length; length += 1 + random.nextInt(500)) {
      byte[] cut = Arrays.copyOf(rdb, length);
      try (RdbFixture fixture = new RdbFixture()) {
        EngineException e = assertThrows(EngineException.class, () -> fixture.read(cut, -1));
        assertTrue(e.getMessage().contains("it ends inside"), length + ": " + e.getMessage());
      }
    }
  }

  @Test
  void shouldRefuseEveryFlippedBit() {
    RdbBytes bytes = rdb().key(RdbType.LIST_ZIPLIST, "list").string(RdbBytes.ziplist("a", 300L));
    bytes.key(RdbType.STRING, "packed").lzfRun('y', 50);
    bytes.key(RdbType.HASH_LISTPACK, "hash").string(RdbBytes.listpack("f", "v"));
    byte[] rdb = bytes.end();
    for (int bit = 0; bit < rdb.length * 8; bit++) {
      byte[] flipped = rdb.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try (RdbFixture fixture = new RdbFixture()) {
        assertThrows(EngineException.class, () -> fixture.read(flipped), "bit " + bit);
      }
    }
  }

  @Test
  void shouldTakeNothingButErrorsFromNonsense() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] rdb = RdbSamples.upTo10().end(false);
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
      byte[] spoilt = rdb.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        // The large values take most of the space, and are the least interesting.
        int at = random.nextBoolean() ? random.nextInt(rdb.length) : random.nextInt(400);
        spoilt[at] = (byte) random.nextInt();
      }
      try (RdbFixture fixture = new RdbFixture()) {
        fixture.read(spoilt, random.nextBoolean() ? spoilt.length : -1);
      } catch (EngineException e) {
        assertTrue(
            e.getMessage().contains("byte") || e.getMessage().contains("version"), e::getMessage);
      } catch (IOException | RuntimeException e) {
        fail("seed " + seed + ", round " + round, e);
      }
    }
  }
}
