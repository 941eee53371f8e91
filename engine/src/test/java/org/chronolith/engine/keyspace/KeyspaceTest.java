package org.chronolith.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyspaceTest {
  private static final int DATABASES = 2;

  private final KeyspaceFixture fixture = new KeyspaceFixture(DATABASES);

  @AfterEach
  void close() {
    fixture.close();
  }

  private record Expected(String value, long expireAtMs) {}

  /** Strings with expiry against a map, with the internals checked on the way. */
  @Test
  void shouldBehaveLikeAMapUnderRandomOperations() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Expected> model = new HashMap<>();
    long nowMs = 1_000_000;
    for (int step = 0; step < 200_000; step++) {
      if (step % 50 == 0) {
        nowMs += random.nextInt(30);
        fixture.keyspace.begin(nowMs, ExpiryMode.DELETE);
        long now = nowMs;
        model.values().removeIf(e -> e.expireAtMs >= 0 && e.expireAtMs < now);
        if (random.nextBoolean()) {
          fixture.keyspace.expireSome(10);
        }
      }
      step(random, model, nowMs);
      if (step % 2_000 == 0) {
        fixture.keyspace.validate();
        while (fixture.keyspace.expireSome(100) == 100) {
          assertTrue(fixture.db(0).size() > 0);
        }
        assertEquals(model.size(), fixture.db(0).size(), "seed " + seed);
        assertEquals(
            model.values().stream().filter(e -> e.expireAtMs >= 0).count(),
            fixture.db(0).expiring(),
            "seed " + seed);
        assertEquals(model.size(), fixture.db(0).sizeOf(ValueType.STRING));
      }
    }
    fixture.keyspace.flushAll();
    fixture.freeAll();
    fixture.keyspace.validate();
  }

  private void step(SplittableRandom random, Map<String, Expected> model, long nowMs) {
    String key = "key:" + random.nextInt(3_000);
    Database db = fixture.db(0);
    long entry = db.find(KeyspaceFixture.slice(key));
    Expected expected = model.get(key);
    assertEquals(expected == null ? null : expected.value, fixture.get(0, key), key);
    if (expected != null) {
      assertEquals(expected.expireAtMs, db.expireAtMs(entry));
    }
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> {
        String value = "v".repeat(random.nextInt(random.nextInt(20) == 0 ? 20_000 : 300)) + key;
        boolean keep = random.nextBoolean();
        fixture.strings.set(db, KeyspaceFixture.slice(key), KeyspaceFixture.slice(value), keep);
        model.put(key, new Expected(value, keep && expected != null ? expected.expireAtMs : -1));
      }
      case 3, 4 -> assertEquals(model.remove(key) != null, db.delete(KeyspaceFixture.slice(key)));
      case 5 -> {
        if (entry != 0) {
          long at = random.nextInt(3) == 0 ? -1 : nowMs + random.nextInt(2_000);
          db.expireAt(entry, at);
          model.put(key, new Expected(expected.value, at));
        }
      }
      case 6 -> {
        if (entry != 0) {
          fixture.strings.append(db, entry, KeyspaceFixture.slice("tail"));
          model.put(key, new Expected(expected.value + "tail", expected.expireAtMs));
        }
      }
      default -> {
        if (entry != 0) {
          String to = "key:" + random.nextInt(3_000);
          db.rename(entry, db, KeyspaceFixture.slice(to));
          model.remove(key);
          model.put(to, expected);
        }
      }
    }
  }

  @Test
  void shouldTreatExpiredKeysAsTheModeSays() {
    List<String> expired = new ArrayList<>();
    fixture.keyspace.listener(
        new KeyspaceListener() {
          @Override
          public void expired(int db, Slice key) {
            expired.add(db + ":" + key);
          }

          @Override
          public void touched(int db, Slice key) {}
        });
    fixture.set(1, "a", "1");
    Database db = fixture.db(1);
    db.expireAt(db.find(KeyspaceFixture.slice("a")), 1_000_500);
    fixture.keyspace.begin(1_000_500, ExpiryMode.DELETE);
    assertEquals("1", fixture.get(1, "a"));
    fixture.keyspace.begin(1_000_501, ExpiryMode.IGNORE);
    assertEquals("1", fixture.get(1, "a"));
    fixture.keyspace.begin(1_000_501, ExpiryMode.HIDE);
    assertNull(fixture.get(1, "a"));
    assertEquals(1, db.size());
    assertEquals(List.of(), expired);
    fixture.keyspace.begin(1_000_501, ExpiryMode.DELETE);
    assertNull(fixture.get(1, "a"));
    assertEquals(0, db.size());
    assertEquals(List.of("1:a"), expired);
  }

  @Test
  void shouldReportTouchedKeysOnlyWhileWatching() {
    List<String> touched = new ArrayList<>();
    fixture.keyspace.listener(
        new KeyspaceListener() {
          @Override
          public void expired(int db, Slice key) {}

          @Override
          public void touched(int db, Slice key) {
            touched.add(key.toString());
          }
        });
    fixture.set(0, "a", "1");
    fixture.keyspace.watching(true);
    fixture.set(0, "a", "2");
    fixture.set(0, "b", "2");
    fixture.db(0).delete(KeyspaceFixture.slice("b"));
    assertEquals(List.of("a", "b", "b"), touched);
  }

  @Test
  void shouldRefuseAnotherThreadAndNameTheOwner() throws InterruptedException {
    AtomicReference<EngineException> refused = new AtomicReference<>();
    Thread other =
        new Thread(
            () ->
                refused.set(
                    assertThrows(
                        EngineException.class,
                        () -> fixture.db(0).find(KeyspaceFixture.slice("a")))));
    other.start();
    other.join();
    assertTrue(refused.get().getMessage().contains(Thread.currentThread().getName()));
    Thread adopter = new Thread(fixture.keyspace::adopt);
    adopter.start();
    adopter.join();
    assertThrows(EngineException.class, () -> fixture.keyspace.begin(1, ExpiryMode.DELETE));
    fixture.keyspace.adopt();
  }

  @Test
  void shouldSwapAndFlushWithoutWalking() {
    fixture.set(0, "a", "0");
    fixture.set(1, "a", "1");
    fixture.keyspace.swap(0, 1);
    assertEquals("1", fixture.get(0, "a"));
    assertEquals("0", fixture.get(1, "a"));
    assertEquals(1, fixture.db(0).flush());
    assertNull(fixture.get(0, "a"));
    assertEquals("0", fixture.get(1, "a"));
    long used = fixture.keyspace.usedMemoryBytes();
    fixture.freeAll();
    assertTrue(fixture.keyspace.usedMemoryBytes() < used);
  }

  @Test
  void shouldKeepLongStringsInChunks() {
    String key = "long";
    fixture.set(0, key, "");
    Database db = fixture.db(0);
    StringBuilder model = new StringBuilder();
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 400; i++) {
      String tail = Integer.toString(i).repeat(random.nextInt(1, 1_500));
      fixture.strings.append(db, db.find(KeyspaceFixture.slice(key)), KeyspaceFixture.slice(tail));
      model.append(tail);
    }
    assertEquals(model.toString(), fixture.get(0, key));
    long entry = db.find(KeyspaceFixture.slice(key));
    assertNotEquals(0, db.encoding(entry));
    fixture.strings.setRange(db, entry, 2_000_000, KeyspaceFixture.slice("end"));
    model.append("\0".repeat(2_000_000 - model.length())).append("end");
    assertEquals(model.toString(), fixture.get(0, key));
    db.copy(entry, fixture.db(1), KeyspaceFixture.slice("copy"));
    assertEquals(model.toString(), fixture.get(1, "copy"));
    fixture.set(0, key, "short");
    fixture.db(1).delete(KeyspaceFixture.slice("copy"));
    fixture.freeAll();
    fixture.keyspace.validate();
    assertEquals("short", fixture.get(0, key));
  }

  @Test
  void shouldTakeALongStringPieceByPiece() {
    Database db = fixture.db(0);
    fixture.set(0, "key", "old");
    db.expireAt(db.find(KeyspaceFixture.slice("key")), 5_000_000);
    StringBuilder model = new StringBuilder();
    fixture.strings.begin();
    for (int i = 0; i < 40; i++) {
      String piece = Integer.toString(i).repeat(1 + i * 500);
      fixture.strings.add(KeyspaceFixture.slice(piece));
      model.append(piece);
    }
    assertEquals("old", fixture.get(0, "key"));
    fixture.strings.give(db, KeyspaceFixture.slice("key"));
    assertEquals(model.toString(), fixture.get(0, "key"));
    long entry = db.find(KeyspaceFixture.slice("key"));
    assertEquals(-1, db.expireAtMs(entry));
    for (int at = 0; at < model.length(); at += 997) {
      assertEquals(model.charAt(at), fixture.strings.byteAt(db, entry, at));
    }
    fixture.set(0, "key", "inline");
    assertEquals('l', fixture.strings.byteAt(db, db.find(KeyspaceFixture.slice("key")), 2));
    fixture.freeAll();
    fixture.keyspace.validate();
  }

  @Test
  void shouldEndWithinThirtyPercentOfLiveDataAfterShrinkingOverwrites() {
    int keys = 250_000;
    for (int bytes : new int[] {100, 200, 50}) {
      for (int i = 0; i < keys; i++) {
        fixture.set(0, "key:" + (1_000_000 + i), "v".repeat(bytes));
      }
      int steps = 0;
      while (fixture.keyspace.compactSome(1_000)) {
        assertTrue(++steps < 100_000, "compaction does not end");
      }
      fixture.keyspace.validate();
      long used = fixture.keyspace.usedMemoryBytes();
      long reserved = fixture.keyspace.slabs().reservedBytes();
      assertTrue(reserved < used * 1.3, bytes + " bytes: " + reserved + " for " + used);
    }
    assertEquals("v".repeat(50), fixture.get(0, "key:1000017"));
  }

  @Test
  void shouldCompactLargeCollectionsInSlices() {
    int fields = 60_000;
    for (int hash = 0; hash < 2; hash++) {
      for (int i = 0; i < fields; i++) {
        putField(hash, i, "v".repeat(100));
      }
      for (int i = 0; i < fields; i++) {
        if (i % 8 != 0) {
          fixture.collections.hashes().find(fixture.db(0), KeyspaceFixture.slice("hash" + hash));
          fixture.collections.hashes().remove(KeyspaceFixture.slice("field" + i));
          fixture.collections.hashes().store();
        }
      }
    }
    long before = fixture.keyspace.slabs().reservedBytes();
    byte[] digest = fixture.keyspace.digest();
    int steps = 0;
    while (fixture.keyspace.compactSome(500)) {
      assertTrue(++steps < 100_000, "compaction does not end");
    }
    fixture.keyspace.validate();
    assertArrayEquals(digest, fixture.keyspace.digest());
    long after = fixture.keyspace.slabs().reservedBytes();
    assertTrue(steps > 10 && after < before * 0.7, before + " -> " + after + " in " + steps);
  }

  private void putField(int hash, int field, String value) {
    fixture.collections.hashes().find(fixture.db(0), KeyspaceFixture.slice("hash" + hash));
    fixture
        .collections
        .hashes()
        .set(KeyspaceFixture.slice("field" + field), KeyspaceFixture.slice(value));
    fixture.collections.hashes().store();
  }

  @Test
  void shouldHoldKeysOfAnyLength() {
    for (int length : new int[] {0, 127, 128, 16_383, 16_384, 16_385, 300_000}) {
      String key = "k".repeat(length);
      fixture.set(0, key, "v".repeat(8_000));
      long entry = fixture.db(0).find(KeyspaceFixture.slice(key));
      fixture.db(0).expireAt(entry, 9_000_000);
      fixture.set(0, key, "value" + length);
      assertEquals("value" + length, fixture.get(0, key));
      assertEquals(key, fixture.key(0, fixture.db(0).find(KeyspaceFixture.slice(key))));
    }
    fixture.keyspace.validate();
    assertFalse(fixture.db(0).delete(KeyspaceFixture.slice("absent")));
  }

  /** Else how much a slice does would depend on the machine, where nothing else does. */
  @Test
  void shouldMeasureSlicesByTheClockThatItWasGiven() {
    AtomicLong clock = new AtomicLong();
    AtomicLong nanosPerKey = new AtomicLong(3);
    KeyspaceConfig config = KeyspaceConfig.of(1, 1L << 30, 1, clock::get);
    try (KeyspaceFixture own = new KeyspaceFixture(config)) {
      own.keyspace.listener(
          new KeyspaceListener() {
            @Override
            public void expired(int db, Slice key) {
              clock.addAndGet(nanosPerKey.get());
            }

            @Override
            public void touched(int db, Slice key) {}
          });
      for (int i = 0; i < 1_000; i++) {
        own.set(0, "key:" + i, "value");
        own.db(0).expireAt(own.db(0).find(KeyspaceFixture.slice("key:" + i)), 1_000_500);
      }
      own.keyspace.begin(1_000_501, ExpiryMode.DELETE);
      assertTrue(own.keyspace.expireSlice(600));
      assertEquals(1_000 - 256, own.db(0).size(), "it looks at the clock every 64 keys");
      nanosPerKey.set(0);
      assertFalse(own.keyspace.expireSlice(1));
      assertEquals(0, own.db(0).size());
    }
  }
}
