package org.chronolith.engine.rdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.EngineException.Severity;
import org.chronolith.engine.keyspace.Database;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** RDBs of all times: the header's version, and what a Redis of that version wrote. */
class RdbVersionsTest {
  private final RdbFixture fixture = new RdbFixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  static IntStream versions() {
    return IntStream.rangeClosed(RdbSamples.FIRST_VERSION, RdbSamples.LAST_VERSION);
  }

  @Test
  void shouldReadTheOldestFormsOfEachType() throws IOException {
    fixture.read(RdbSamples.ofVersion(RdbSamples.FIRST_VERSION).end());

    assertEquals("value", fixture.string(0, "string"));
    assertEquals("12345", fixture.string(0, "number"));
    assertEquals("x".repeat(20_003), fixture.string(0, "compressed"));
    assertEquals(List.of("a", "5"), fixture.list(0, "list"));
    assertEquals(List.of("a", "7", "b"), fixture.list(0, "small list"));
    Database third = fixture.keyspace.database(3);
    fixture.collections.sets().find(third, RdbFixture.slice("numbers"));
    assertTrue(fixture.collections.sets().contains(RdbFixture.slice("-70000")));
    fixture.collections.hashes().find(third, RdbFixture.slice("small hash"));
    assertEquals(2, fixture.collections.hashes().size());
    assertTrue(fixture.collections.hashes().contains(RdbFixture.slice("g")));
    fixture.collections.zsets().find(third, RdbFixture.slice("zset"));
    assertEquals(3.1, fixture.collections.zsets().score(RdbFixture.slice("a")));
    assertEquals(
        Double.POSITIVE_INFINITY, fixture.collections.zsets().score(RdbFixture.slice("b")));
    assertEquals(
        Double.NEGATIVE_INFINITY, fixture.collections.zsets().score(RdbFixture.slice("c")));
    fixture.collections.zsets().find(third, RdbFixture.slice("small zset"));
    assertEquals(-7, fixture.collections.zsets().score(RdbFixture.slice("a")));
    assertEquals(2.25, fixture.collections.zsets().score(RdbFixture.slice("b")));
  }

  @ParameterizedTest
  @MethodSource("versions")
  void shouldReadTheSameFromEveryVersion(int version) throws IOException {
    RdbContents contents = fixture.read(RdbSamples.ofVersion(version).end());

    assertEquals(version, contents.version());
    assertEquals(RdbSamples.KEYS_OF_A_VERSION, contents.keys());
    assertEquals(version < 7 ? null : "of its time", contents.auxiliary().get("redis-ver"));
    Database db = fixture.keyspace.database(0);
    assertEquals(RdbSamples.EXPIRE_AT_S * 1000, db.expireAtMs(fixture.find(db, "seconds")));
    assertEquals(RdbSamples.EXPIRE_AT_MS, db.expireAtMs(fixture.find(db, "milliseconds")));
    try (RdbFixture oldest = new RdbFixture()) {
      oldest.read(RdbSamples.ofVersion(RdbSamples.FIRST_VERSION).end());
      assertEquals(oldest.digest(), fixture.digest());
    }
  }

  @ParameterizedTest
  @CsvSource({"REDIS0012, 12", "REDIS0080, 80", "REDIS9999, 9999", "REDIS0004, 4", "REDIS0000, 0"})
  void shouldRefuseOtherVersionsAndSayWhichItReads(String header, int version) {
    EngineException refused = refused(header);
    assertEquals(Severity.RETRYABLE, refused.severity());
    assertEquals(
        "the RDB has version " + version + "; this server reads the versions 5 to 11",
        refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"REDIS-001", "REDIS001x", "'REDIS  11'", "redis0011", "VALKEY080"})
  void shouldSayThatOtherHeadersAreNone(String header) {
    EngineException refused = refused(header);
    assertEquals(Severity.CORRUPTION, refused.severity());
    assertEquals(
        "the RDB is damaged at byte 0: it does not begin with REDIS and a version",
        refused.getMessage());
  }

  private EngineException refused(String header) {
    byte[] rdb = RdbSamples.ofVersion(9).end();
    System.arraycopy(header.getBytes(StandardCharsets.US_ASCII), 0, rdb, 0, header.length());
    return assertThrows(EngineException.class, () -> fixture.read(rdb));
  }
}
