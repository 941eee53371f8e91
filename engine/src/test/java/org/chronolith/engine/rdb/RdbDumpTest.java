package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RdbDumpTest {
  private final RdbFixture fixture = new RdbFixture();
  private final RdbDump payloads = new RdbDump(fixture.strings, fixture.collections);
  private final Database db = fixture.keyspace.database(0);

  @BeforeEach
  void fill() throws IOException {
    fixture.read(RdbSamples.upTo10().end());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private Slice dump(Database from, long entry) {
    ByteBuf payload = Unpooled.buffer();
    payloads.write(from, entry, payload);
    return new Slice(payload, 0, payload.readableBytes());
  }

  /** A payload of {@code body}, with its footer. */
  private static Slice payload(RdbBytes body, int version) {
    ByteBuf bytes = Unpooled.buffer().writeBytes(body.unfinished()).skipBytes(9);
    Crc64 crc = new Crc64();
    bytes.writeShortLE(version);
    crc.update(bytes, 9, bytes.readableBytes());
    bytes.writeLongLE(crc.value());
    return new Slice(bytes, 9, bytes.readableBytes());
  }

  @Test
  void shouldRestoreEveryValueThatItDumps() {
    String before = fixture.digest();
    for (int number : List.of(0, 3)) {
      Database each = fixture.keyspace.database(number);
      long cursor = 0;
      do {
        cursor = each.scan(cursor, entry -> roundTrip(each, entry));
      } while (cursor != 0);
    }
    assertEquals(before, fixture.digest());
  }

  /** Into another keyspace, so that the visitor changes nothing; then compared by a second dump. */
  private void roundTrip(Database from, long entry) {
    Slice payload = dump(from, entry);
    assertTrue(RdbDump.isIntact(payload));
    try (RdbFixture other = new RdbFixture()) {
      RdbDump theirs = new RdbDump(other.strings, other.collections);
      Database into = other.keyspace.database(0);
      theirs.restore(into, RdbFixture.slice("k"), payload);
      ByteBuf again = Unpooled.buffer();
      theirs.write(into, other.find(into, "k"), again);
      assertEquals(payload.length(), again.readableBytes());
      assertEquals(from.type(entry), into.type(other.find(into, "k")));
    }
  }

  @Test
  void shouldReplaceWhatIsThereWithItsExpiry() {
    Slice payload = dump(db, fixture.find(db, "list"));
    db.expireAt(fixture.find(db, "raw"), 4_000_000_000_000L);
    payloads.restore(db, RdbFixture.slice("raw"), payload);
    assertEquals(List.of("a", "", "5"), fixture.list(0, "raw"));
    assertEquals(-1, db.expireAtMs(fixture.find(db, "raw")));
  }

  @Test
  void shouldKnowADamagedPayload() {
    Slice payload = dump(db, fixture.find(db, "list"));
    for (int i = 0; i < payload.length(); i++) {
      payload.buffer().setByte(i, payload.get(i) ^ 4);
      assertFalse(RdbDump.isIntact(payload), "byte " + i);
      payload.buffer().setByte(i, payload.get(i) ^ 4);
    }
    assertTrue(RdbDump.isIntact(payload));
    for (int length = 0; length < payload.length(); length++) {
      assertFalse(RdbDump.isIntact(new Slice(payload.buffer(), 0, length)));
    }
  }

  @Test
  void shouldRefuseOnlyVersionsThatItDoesNotRead() {
    RdbBytes body = RdbBytes.version(9).bytes(RdbType.STRING.code()).string("v");
    assertTrue(RdbDump.isIntact(payload(body, 11)));
    assertFalse(RdbDump.isIntact(payload(body, 12)));
  }

  /** With a right checksum, as nobody but an attacker makes them. */
  @Test
  void shouldLeaveTheKeyAndNoMemoryWhereAValueIsDamaged() {
    Random random = new Random(7);
    payloads.restore(db, RdbFixture.slice("large"), dump(large(), large().find(key("zset2"))));
    String before = fixture.digest();
    finishFreeing();
    long used = fixture.keyspace.slabs().usedBytes();
    byte[] whole = dump(large(), large().find(key("zset2"))).toBytes();
    for (int i = 0; i < 300; i++) {
      // Cut short: the elements read so far must not stay.
      int length = 1 + random.nextInt(whole.length - 12);
      RdbBytes body = RdbBytes.version(9);
      for (int at = 0; at < length; at++) {
        body.bytes(whole[at]);
      }
      Slice damaged = payload(body, 9);
      assertTrue(RdbDump.isIntact(damaged));
      EngineException refused =
          assertThrows(EngineException.class, () -> payloads.restore(db, key("large"), damaged));
      assertEquals(EngineException.Severity.CORRUPTION, refused.severity());
    }
    finishFreeing();
    assertEquals(before, fixture.digest());
    assertEquals(used, fixture.keyspace.slabs().usedBytes());
  }

  private void finishFreeing() {
    boolean more;
    do {
      more = fixture.keyspace.freeSlice(1_000_000);
    } while (more);
  }

  private Database large() {
    return fixture.keyspace.database(3);
  }

  private static Slice key(String name) {
    return RdbFixture.slice(name);
  }

  @Test
  void shouldNameTheTypeThatItLacks() {
    Slice stream = payload(RdbBytes.version(9).bytes(RdbType.STREAM_LISTPACKS_2.code(), 1), 10);
    EngineException refused =
        assertThrows(EngineException.class, () -> payloads.restore(db, key("new"), stream));
    assertEquals(EngineException.Severity.RETRYABLE, refused.severity());
    assertEquals(
        "the payload is a stream, a type that this server does not have", refused.getMessage());
    assertEquals(0, fixture.find(db, "new"));
  }
}
