package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.keyspace.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RdbReaderTest {
  private final RdbFixture fixture = new RdbFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void shouldReadEveryEncoding() throws IOException {
    RdbContents contents = fixture.read(RdbSamples.upTo10().end());

    assertEquals(10, contents.version());
    assertEquals(3, contents.streamDb());
    assertEquals("a".repeat(40), contents.auxiliary().get("repl-id"));
    assertEquals(28, contents.keys());
    assertEquals("value", fixture.string(0, "raw"));
    assertEquals("", fixture.string(0, "empty"));
    assertEquals("0123456789".repeat(10_000), fixture.string(0, "long"));
    assertEquals("-123", fixture.string(0, "int8"));
    assertEquals("12345", fixture.string(0, "int16"));
    assertEquals("-2024026859", fixture.string(0, "int32"));
    assertEquals("x".repeat(20_003), fixture.string(0, "lzf"));
    assertEquals("with a packed name", fixture.string(0, "k".repeat(300)));
    List<String> mixed = Arrays.stream(RdbSamples.mixed()).map(String::valueOf).toList();
    assertEquals(mixed, fixture.list(0, "ziplist"));
    assertEquals(mixed, fixture.list(0, "quicklist").subList(4, 4 + mixed.size()));
    assertEquals(mixed, fixture.list(0, "quicklist2").subList(0, mixed.size()));
    assertEquals("plain".repeat(20_000), fixture.list(0, "quicklist2").get(mixed.size()));
    assertTrue(fixture.skipped.isEmpty());
  }

  @Test
  void shouldReadTheSetsAndHashesAndSortedSets() throws IOException {
    fixture.read(RdbSamples.upTo10().end());
    Database db = fixture.keyspace.database(3);

    fixture.collections.sets().find(db, RdbFixture.slice("intset8"));
    assertEquals(3, fixture.collections.sets().size());
    assertTrue(fixture.collections.sets().contains(RdbFixture.slice("" + Long.MIN_VALUE)));
    fixture.collections.sets().find(db, RdbFixture.slice("large set"));
    assertEquals(1000, fixture.collections.sets().size());
    fixture.collections.sets().find(db, RdbFixture.slice("intset4"));
    assertTrue(fixture.collections.sets().contains(RdbFixture.slice("-70000")));
    fixture.collections.hashes().find(db, RdbFixture.slice("zipmap"));
    assertEquals(3, fixture.collections.hashes().size());
    assertTrue(fixture.collections.hashes().contains(RdbFixture.slice("g")));
    for (String name : List.of("zset ziplist", "zset listpack")) {
      fixture.collections.zsets().find(db, RdbFixture.slice(name));
      assertEquals(-7, fixture.collections.zsets().score(RdbFixture.slice("a")));
      assertEquals(2.25, fixture.collections.zsets().score(RdbFixture.slice("b")));
      assertEquals(
          Double.POSITIVE_INFINITY, fixture.collections.zsets().score(RdbFixture.slice("c")));
    }
    fixture.collections.zsets().find(db, RdbFixture.slice("zset"));
    assertEquals(
        Double.NEGATIVE_INFINITY, fixture.collections.zsets().score(RdbFixture.slice("c")));
    assertEquals(-3, fixture.collections.zsets().score(RdbFixture.slice("d")));
  }

  @Test
  void shouldReadExpiriesOfBothKinds() throws IOException {
    fixture.read(RdbSamples.upTo10().end());
    Database db = fixture.keyspace.database(0);
    assertEquals(RdbSamples.EXPIRE_AT_MS, db.expireAtMs(fixture.find(db, "expires in ms")));
    assertEquals(0x7ff43c80L * 1000, db.expireAtMs(fixture.find(db, "expires in s")));
    assertEquals(-1, db.expireAtMs(fixture.find(db, "raw")));
  }

  @Test
  void shouldReadWhatVersion11Adds() throws IOException {
    fixture.read(RdbSamples.setListpack().end());
    fixture.collections.sets().find(fixture.keyspace.database(0), RdbFixture.slice("set listpack"));
    assertEquals(3, fixture.collections.sets().size());
    assertTrue(fixture.collections.sets().contains(RdbFixture.slice("5")));
  }

  @Test
  void shouldReadWithoutKnowingTheSizeAndWithoutAChecksum() throws IOException {
    byte[] rdb = RdbSamples.upTo10().end(false);
    assertEquals(rdb.length, fixture.read(rdb, -1).bytes());
  }

  @Test
  void shouldReadWhatTheWriterWrites() throws IOException {
    fixture.read(RdbSamples.upTo10().end());
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    RdbWriter.write(
        fixture.keyspace,
        fixture.strings,
        fixture.collections,
        Map.of("redis-ver", "7.0.15"),
        Channels.newChannel(written));
    try (RdbFixture again = new RdbFixture()) {
      again.read(written.toByteArray());
      assertEquals(fixture.digest(), again.digest());
    }
  }

  @Test
  void shouldKeepLittleOfLargeAuxiliaryFields() throws IOException {
    RdbBytes rdb = RdbBytes.version(10);
    rdb.aux("large", "x".repeat(1 << 20)).aux("small", "y");
    rdb.key(RdbType.STRING, "kept").string("v");
    RdbContents contents = fixture.read(rdb.end());
    assertEquals(RdbInput.LONGEST_TEXT_BYTES, contents.auxiliary().get("large").length());
    assertEquals("y", contents.auxiliary().get("small"));
    assertEquals("v", fixture.string(0, "kept"));
  }

  @Test
  void shouldNameWhatItPassesOver() throws IOException {
    RdbBytes rdb = RdbBytes.version(10);
    rdb.bytes(RdbFormat.OP_FUNCTION_2).string("#!lua name=mylib\nredis.register_function(...)");
    rdb.aux("lua", "return redis.call('get', KEYS[1])");
    // Redis's own encoding of the module type "ReJSON-RL", version 3.
    rdb.bytes(RdbFormat.OP_MODULE_AUX, 0x81);
    for (int i = 7; i >= 0; i--) {
      rdb.bytes((int) (moduleId("ReJSON-RL", 3) >>> 8 * i) & 0xff);
    }
    rdb.bytes(2, 1, 5).string("kept by the module").bytes(1, 7, 2, 9, 4).longLE(0);
    rdb.bytes(3, 0, 0, 0, 0, 0);
    rdb.key(RdbType.LIST, "nothing").length(0);
    rdb.key(RdbType.STRING, "kept").string("v");
    fixture.read(rdb.end());

    assertEquals("v", fixture.string(0, "kept"));
    assertEquals(
        List.of(
            "function library: #!lua name=mylib",
            "script: return redis.call('get', KEYS[1])",
            "data of the module type ReJSON-RL beside the keys",
            "the list 'nothing', which is empty"),
        fixture.skipped);
  }

  private static long moduleId(String name, int version) {
    String characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    long id = 0;
    for (int i = 0; i < 9; i++) {
      id = id << 6 | characters.indexOf(name.charAt(i));
    }
    return id << 10 | version;
  }

  @Test
  void shouldRefuseTypesThatItLacksByKeyAndType() {
    RdbBytes stream = RdbBytes.version(10).bytes(RdbFormat.OP_SELECT_DB, 2);
    stream.key(RdbType.STREAM_LISTPACKS_2, "events").bytes(1);
    assertRefused(
        stream.end(), "the key 'events' of database 2 is a stream, a type that this server");
    RdbBytes module = RdbBytes.version(10).key(RdbType.MODULE_2, "document").bytes(0x81);
    for (int i = 7; i >= 0; i--) {
      module.bytes((int) (moduleId("ReJSON-RL", 3) >>> 8 * i) & 0xff);
    }
    assertRefused(
        module.end(), "the key 'document' of database 0 is a module value of the type Re");
    assertRefused(
        RdbBytes.version(10).bytes(RdbFormat.OP_SELECT_DB, 16).end(), "holds database 16");
    assertRefused(RdbBytes.version(12).end(), "has version 12");
    assertRefused(RdbBytes.version(4).end(), "has version 4");
  }

  private void assertRefused(byte[] rdb, String message) {
    EngineException refused = assertThrows(EngineException.class, () -> fixture.read(rdb));
    assertEquals(EngineException.Severity.RETRYABLE, refused.severity());
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
    assertFalse(refused.getMessage().contains("damaged"), refused.getMessage());
  }
}
