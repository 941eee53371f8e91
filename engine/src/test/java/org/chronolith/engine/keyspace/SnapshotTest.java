package org.chronolith.engine.keyspace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.util.Map;
import java.util.SplittableRandom;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.rdb.RdbReader;
import org.chronolith.engine.rdb.RdbVersion;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.types.list.ListValue;
import org.junit.jupiter.api.Test;

class SnapshotTest {
  private static final int DATABASES = 3;

  private static String text(SplittableRandom random, int length) {
    StringBuilder text = new StringBuilder(length);
    String unit = Long.toString(random.nextLong(), 36);
    while (text.length() + unit.length() <= length) {
      text.append(unit);
    }
    return text + "x".repeat(length - text.length());
  }

  /** A few of the keys are longer than an entry may be. */
  private static String key(SplittableRandom random) {
    int number = random.nextInt(120);
    return "k" + number + (number < 3 ? "y".repeat(17_000 + number * 30_000) : "");
  }

  private static void mutate(KeyspaceFixture fixture, SplittableRandom random) {
    int db = random.nextInt(DATABASES);
    String key = key(random);
    Database database = fixture.db(db);
    long entry = database.find(KeyspaceFixture.slice(key));
    if (random.nextInt(3) > 0 && mutateCollection(fixture, random, database, key)) {
      return;
    }
    if (entry != 0 && database.type(entry) != ValueType.STRING && random.nextInt(4) > 0) {
      return;
    }
    int choice = random.nextInt(40);
    if (entry != 0 && database.type(entry) != ValueType.STRING && choice >= 21 && choice <= 28) {
      return;
    }
    switch (choice) {
      case 0 -> database.flush();
      case 1 -> fixture.keyspace.swap(db, random.nextInt(DATABASES));
      case 2, 3, 4 -> fixture.set(db, key, text(random, random.nextInt(200_000)));
      case 5, 6, 7, 8, 9, 10, 11 -> database.delete(KeyspaceFixture.slice(key));
      case 12, 13, 14, 15 -> {
        if (entry != 0) {
          long at = random.nextBoolean() ? -1 : 2_000_000 + random.nextInt(1000);
          database.expireAt(entry, at);
        }
      }
      case 16, 17, 18, 19, 20 -> {
        if (entry != 0) {
          Database target = fixture.db(random.nextInt(DATABASES));
          String to = key(random);
          if (random.nextBoolean()) {
            database.rename(entry, target, KeyspaceFixture.slice(to));
          } else {
            database.copy(entry, target, KeyspaceFixture.slice(to));
          }
        }
      }
      case 21, 22, 23, 24, 25 -> {
        if (entry != 0) {
          int length = fixture.strings.length(database, entry);
          int offset = random.nextInt(length + 5_000);
          fixture.strings.setRange(
              database, entry, offset, KeyspaceFixture.slice(text(random, random.nextInt(300))));
        }
      }
      case 26, 27, 28 -> {
        if (entry != 0) {
          fixture.strings.append(
              database, entry, KeyspaceFixture.slice(text(random, random.nextInt(9_000))));
        }
      }
      case 29 -> fixture.keyspace.freeSome(20);
      case 30 -> fixture.keyspace.compactSome(20);
      default -> fixture.set(db, key, text(random, random.nextInt(150)));
    }
  }

  /** Changes a collection; true if the key now holds (or held) one. */
  private static boolean mutateCollection(
      KeyspaceFixture fixture, SplittableRandom random, Database database, String key) {
    Slice name = KeyspaceFixture.slice(key);
    long entry = database.find(name);
    int type = entry == 0 ? random.nextInt(1, 5) : database.type(entry);
    for (int i = random.nextInt(1, 30); i > 0; i--) {
      int number = random.nextInt(60);
      // One element longer than a block.
      String longTail = number == 0 ? "e".repeat(70_000) : "";
      Slice element = KeyspaceFixture.slice("e" + number + longTail);
      boolean add = random.nextInt(5) > 1;
      switch (type) {
        case ValueType.LIST -> mutateList(fixture, random, database, name, add);
        case ValueType.SET -> {
          fixture.collections.sets().find(database, name);
          if (add) {
            fixture.collections.sets().add(element);
          } else {
            fixture.collections.sets().remove(element);
          }
          fixture.collections.sets().store();
        }
        case ValueType.ZSET -> {
          fixture.collections.zsets().find(database, name);
          if (add) {
            fixture.collections.zsets().set(element, random.nextInt(100));
          } else {
            fixture.collections.zsets().remove(element);
          }
          fixture.collections.zsets().store();
        }
        case ValueType.HASH -> {
          fixture.collections.hashes().find(database, name);
          if (add) {
            String value = text(random, random.nextInt(40));
            fixture.collections.hashes().set(element, KeyspaceFixture.slice(value));
          } else {
            fixture.collections.hashes().remove(element);
          }
          fixture.collections.hashes().store();
        }
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  private static void mutateList(
      KeyspaceFixture fixture,
      SplittableRandom random,
      Database database,
      Slice name,
      boolean add) {
    ListValue list = fixture.collections.lists();
    boolean there = list.find(database, name);
    if (add) {
      Slice element = KeyspaceFixture.slice(text(random, random.nextInt(60)));
      if (random.nextBoolean()) {
        list.pushFirst(element);
      } else {
        list.pushLast(element);
      }
    } else if (there) {
      if (random.nextBoolean()) {
        list.removeFirst(1);
      } else {
        list.removeLast(1);
      }
    }
    list.store();
  }

  /** Whatever happens between the steps, the snapshot is the state at its mark. */
  @Test
  void shouldEqualTheStateAtItsMark() {
    long seed = System.nanoTime();
    for (int round = 0; round < 6; round++) {
      checkRound(seed + round);
    }
  }

  private void checkRound(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SnapshotModel store = new SnapshotModel();
    String told = "seed " + seed;
    try (KeyspaceFixture fixture = new KeyspaceFixture(DATABASES)) {
      boolean storeLost = true;
      for (int n = 0; n < 12; n++) {
        for (int i = random.nextInt(400); i > 0; i--) {
          mutate(fixture, random);
        }
        boolean full = storeLost || random.nextInt(8) == 0;
        storeLost = false;
        final Map<String, String> expected = fixture.contents();
        final byte[] digest = fixture.keyspace.digest();
        Snapshot snapshot = fixture.keyspace.snapshot(store, full);
        int budget = random.nextInt(1, 60);
        store.capacity = random.nextInt(3) == 0 ? 1 : 1_000;
        while (!snapshot.step(budget) && snapshot.state() == Snapshot.State.WALKING) {
          for (int i = random.nextInt(6); i > 0; i--) {
            mutate(fixture, random);
          }
          if (random.nextInt(150) == 0) {
            snapshot.abort("by the test");
          }
          if (random.nextInt(3) == 0) {
            store.apply();
          }
        }
        store.apply();
        fixture.keyspace.validate();
        if (!snapshot.isDone()) {
          if (full) {
            // Without the whole, what is stored is worth nothing.
            storeLost = random.nextBoolean();
          }
          continue;
        }
        try (KeyspaceFixture loaded = new KeyspaceFixture(DATABASES)) {
          store.load(loaded.keyspace);
          loaded.keyspace.validate();
          assertEquals(expected, loaded.contents(), told + " snapshot " + n);
          assertArrayEquals(digest, loaded.keyspace.digest(), told + " snapshot " + n);
        }
      }
      fixture.keyspace.flushAll();
      fixture.freeAll();
      finish(fixture.keyspace.snapshot(store, true), store);
      fixture.freeAll();
      fixture.keyspace.validate();
      try (KeyspaceFixture fresh = new KeyspaceFixture(DATABASES)) {
        long leaked = fixture.keyspace.usedMemoryBytes() - fresh.keyspace.usedMemoryBytes();
        assertEquals(0, leaked, told);
      }
      assertEquals(1, store.items.size(), told);
    }
  }

  @Test
  void shouldBecomeTheSameRdbContentsInPartsOfWholeValues() throws IOException {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    SnapshotModel store = new SnapshotModel();
    try (KeyspaceFixture fixture = new KeyspaceFixture(DATABASES)) {
      for (int i = 0; i < 3_000; i++) {
        mutate(fixture, random);
      }
      // Enough for some parts, even if all was flushed just before.
      for (int i = 0; i < 4; i++) {
        fixture.set(i % DATABASES, "long" + i, "y".repeat(150_000));
      }
      finish(fixture.keyspace.snapshot(store, true), store);
      for (long bytes : new long[] {1, 100_000, Long.MAX_VALUE / 2}) {
        String told = "parts of " + bytes + " bytes, seed " + seed;
        ByteArrayOutputStream rdb = new ByteArrayOutputStream();
        int parts = writeRdb(store, bytes, rdb);
        assertTrue(bytes > 1_000_000 ? parts == 1 : parts > 2, told + ": " + parts);
        assertTrue(bytes > 1 || parts == keys(fixture), told + ": " + parts);
        try (KeyspaceFixture read = new KeyspaceFixture(DATABASES)) {
          read.keyspace.begin(1_000_000, ExpiryMode.IGNORE);
          new RdbReader(read.keyspace, read.strings, read.collections, message -> {})
              .read(
                  Channels.newChannel(new ByteArrayInputStream(rdb.toByteArray())),
                  rdb.size(),
                  RdbReader.MAX_STRING_BYTES);
          read.keyspace.validate();
          assertEquals(keys(fixture), keys(read), told);
          assertArrayEquals(fixture.keyspace.digest(), read.keyspace.digest(), told);
        }
      }
    }
  }

  /** Returns in how many parts. */
  private static int writeRdb(SnapshotModel store, long partBytes, OutputStream out)
      throws IOException {
    int parts = 0;
    try (CheckpointParts checkpoint = new CheckpointParts(store::reader);
        RdbWriter writer = new RdbWriter(Channels.newChannel(out), RdbVersion.DEFAULT)) {
      writer.begin(Map.of());
      for (boolean more = true; more; ) {
        try (KeyspaceFixture part = new KeyspaceFixture(DATABASES)) {
          part.keyspace.begin(1_000_000, ExpiryMode.IGNORE);
          more = checkpoint.next(part.keyspace, partBytes);
          parts += more ? 1 : 0;
          part.keyspace.validate();
          writer.part(part.keyspace, part.strings, part.collections);
        }
      }
      writer.end();
    }
    return parts;
  }

  private static long keys(KeyspaceFixture fixture) {
    long keys = 0;
    for (int i = 0; i < DATABASES; i++) {
      keys += fixture.db(i).size();
    }
    return keys;
  }

  @Test
  void shouldWriteOnlyWhatChanged() {
    SnapshotModel store = new SnapshotModel();
    try (KeyspaceFixture fixture = new KeyspaceFixture(1)) {
      for (int i = 0; i < 1_000; i++) {
        fixture.set(0, "k" + i, "v" + i);
      }
      fixture.set(0, "long", "y".repeat(1 << 20));
      finish(fixture.keyspace.snapshot(store, true), store);
      long before = store.operations;
      fixture.set(0, "k7", "other");
      fixture.db(0).delete(KeyspaceFixture.slice("k8"));
      fixture.set(0, "brief", "x");
      fixture.db(0).delete(KeyspaceFixture.slice("brief"));
      long entry = fixture.db(0).find(KeyspaceFixture.slice("long"));
      fixture.strings.setRange(fixture.db(0), entry, 500_000, KeyspaceFixture.slice("middle"));
      finish(fixture.keyspace.snapshot(store, false), store);
      // The header, k7, the tombstone of k8, the entry and one chunk of the long string.
      assertEquals(5, store.operations - before);
      before = store.operations;
      finish(fixture.keyspace.snapshot(store, false), store);
      assertEquals(1, store.operations - before);
    }
  }

  @Test
  void shouldContinueFromALoadedKeyspace() {
    SnapshotModel store = new SnapshotModel();
    try (KeyspaceFixture fixture = new KeyspaceFixture(2);
        KeyspaceFixture loaded = new KeyspaceFixture(2)) {
      fixture.set(0, "a", "1");
      fixture.set(1, "b", "z".repeat(300_000));
      finish(fixture.keyspace.snapshot(store, true), store);
      store.load(loaded.keyspace);
      final long before = store.operations;
      loaded.set(0, "a", "2");
      loaded.db(1).flush();
      loaded.set(1, "c", "3");
      finish(loaded.keyspace.snapshot(store, false), store);
      assertTrue(store.operations - before <= 5);
      try (KeyspaceFixture again = new KeyspaceFixture(2)) {
        store.load(again.keyspace);
        assertEquals(loaded.contents(), again.contents());
      }
    }
  }

  private static void finish(Snapshot snapshot, SnapshotModel store) {
    int steps = 0;
    while (!snapshot.step(100)) {
      store.apply();
      assertTrue(++steps < 1_000_000, "the snapshot does not end");
    }
    store.apply();
  }

  @Test
  void shouldGiveWayWhenPreImagesOverflow() {
    SnapshotModel store = new SnapshotModel();
    KeyspaceConfig config =
        new KeyspaceConfig(1, 1L << 30, 16 << 10, 64 << 10, 1, System::nanoTime);
    try (KeyspaceFixture fixture = new KeyspaceFixture(config)) {
      for (int i = 0; i < 100; i++) {
        fixture.set(0, "k" + i, "v".repeat(4_000));
      }
      store.capacity = 0;
      Snapshot snapshot = fixture.keyspace.snapshot(store, true);
      for (int i = 0; i < 100; i++) {
        fixture.set(0, "k" + i, "w" + i);
      }
      assertEquals(Snapshot.State.ABORTED, snapshot.state());
      assertTrue(snapshot.reason().contains("pre-images"));
      assertEquals("w99", fixture.get(0, "k99"));
      store.capacity = 1_000;
      finish(fixture.keyspace.snapshot(store, false), store);
      try (KeyspaceFixture loaded = new KeyspaceFixture(1)) {
        store.load(loaded.keyspace);
        assertEquals(fixture.contents(), loaded.contents());
      }
    }
  }

  /** A value of many MB is not many pre-images, and the walk waits when the sink is full. */
  @Test
  void shouldNotGiveWayToLongElements() {
    SnapshotModel store = new SnapshotModel();
    KeyspaceConfig config =
        new KeyspaceConfig(1, 1L << 30, 16 << 10, 64 << 10, 1, System::nanoTime);
    try (KeyspaceFixture fixture = new KeyspaceFixture(config)) {
      for (int i = 0; i < 40; i++) {
        fixture.collections.hashes().find(fixture.db(0), KeyspaceFixture.slice("h" + i / 20));
        fixture
            .collections
            .hashes()
            .set(KeyspaceFixture.slice("f" + i), KeyspaceFixture.slice("v".repeat(100_000)));
        fixture.collections.hashes().store();
        fixture.collections.lists().find(fixture.db(0), KeyspaceFixture.slice("l" + i / 20));
        fixture.collections.lists().pushLast(KeyspaceFixture.slice("w".repeat(100_000)));
        fixture.collections.lists().store();
      }
      fixture.set(0, "string", "s".repeat(1_000_000));
      final byte[] digest = fixture.keyspace.digest();
      Snapshot snapshot = fixture.keyspace.snapshot(store, true);
      store.capacity = 1;
      for (int steps = 0; !snapshot.step(64); steps++) {
        assertEquals(Snapshot.State.WALKING, snapshot.state(), snapshot.reason());
        if (steps % 3 == 0) {
          store.apply();
          // One long pre-image, and nobody takes it at once.
          fixture.collections.hashes().find(fixture.db(0), KeyspaceFixture.slice("h1"));
          fixture
              .collections
              .hashes()
              .set(KeyspaceFixture.slice("f" + (20 + steps % 20)), KeyspaceFixture.slice("new"));
          fixture.collections.hashes().store();
        }
        assertTrue(steps < 100_000, "the snapshot does not end");
      }
      store.apply();
      // A batch, the few items of one bucket and one of a change.
      assertTrue(store.largestBatch < (16 << 10) + 5 * 101_000, "bytes " + store.largestBatch);
      try (KeyspaceFixture loaded = new KeyspaceFixture(1)) {
        store.load(loaded.keyspace);
        assertArrayEquals(digest, loaded.keyspace.digest());
      }
    }
  }

  @Test
  void shouldRefuseOnlyAfterHundredsOfAbortsInARow() {
    try (KeyspaceFixture fixture = new KeyspaceFixture(1)) {
      SnapshotModel store = new SnapshotModel();
      int aborted = 0;
      while (fixture.keyspace.canSnapshot() && aborted < 300) {
        fixture.set(0, "k" + aborted, "v");
        fixture.keyspace.snapshot(store, false).abort("by the test");
        aborted++;
      }
      assertTrue(aborted > 200, "only " + aborted);
      fixture.settle();
      assertTrue(fixture.keyspace.canSnapshot());
      finish(fixture.keyspace.snapshot(store, false), store);
      try (KeyspaceFixture loaded = new KeyspaceFixture(1)) {
        store.load(loaded.keyspace);
        assertEquals(fixture.contents(), loaded.contents());
        assertFalse(loaded.contents().isEmpty());
      }
    }
  }

  @Test
  void shouldRefuseDamagedItems() {
    try (KeyspaceFixture fixture = new KeyspaceFixture(1)) {
      KeyspaceLoader loader = fixture.keyspace.loader();
      byte[][][] cases = {
        {{0x10, 0, 0, 0, 1, 'a'}, {0, 'v'}},
        {{0x00}, {2, 0}},
        {{0x00}, {1, 0, 0}},
        {{0x33}, {}},
      };
      for (byte[][] item : cases) {
        EngineException refused =
            assertThrows(
                EngineException.class,
                () ->
                    loader.item(Unpooled.wrappedBuffer(item[0]), Unpooled.wrappedBuffer(item[1])));
        assertEquals(EngineException.Severity.CORRUPTION, refused.severity());
      }
    }
  }
}
