package org.chronolith.engine.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.memory.SlabSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HashTableTest {
  private final SlabAllocator slabs = new SlabAllocator(SlabSource.inline(), 1L << 30, 7);
  private final ByteBuf buffer = Unpooled.directBuffer();
  private final Slice key = new Slice();

  /** Entries are [next][key u64][payload u32]. */
  private final EntryLayout layout =
      new EntryLayout() {
        @Override
        public boolean keyEquals(long entry, Slice wanted) {
          return slabs.equals(entry, 8, 8, wanted);
        }

        @Override
        public long hash(long entry) {
          return slabs.hash(entry, 8, 8);
        }
      };

  private final HashTable table = new HashTable(slabs, layout);

  @AfterEach
  void close() {
    slabs.close();
    buffer.release();
  }

  private long hashOf(long k) {
    buffer.clear().writeLongLE(k);
    return slabs.hash(key.set(buffer, 0, 8));
  }

  private long find(long root, long k) {
    long hash = hashOf(k);
    return table.find(root, key, hash);
  }

  private void insert(long root, long k, int payload) {
    long hash = hashOf(k);
    long entry = slabs.allocate(20);
    slabs.copyIn(entry, 8, key);
    slabs.putInt(entry, 16, payload);
    table.insert(root, entry, hash);
  }

  @Test
  void shouldBehaveLikeAMapUnderRandomOperations() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Map<Long, Integer> model = new HashMap<>();
    long root = table.create(0);
    for (int step = 0; step < 150_000; step++) {
      boolean growing = step / 50_000 % 2 == 0;
      long k = random.nextInt(30_000);
      long entry = find(root, k);
      assertEquals(model.containsKey(k), entry != 0, "seed " + seed);
      if (entry == 0) {
        if (random.nextInt(10) < (growing ? 9 : 2)) {
          insert(root, k, step);
          model.put(k, step);
        }
      } else {
        assertEquals(model.get(k), slabs.getInt(entry, 16), "seed " + seed);
        if (random.nextInt(10) < (growing ? 2 : 9)) {
          long hash = hashOf(k);
          assertEquals(entry, table.remove(root, key, hash), "seed " + seed);
          slabs.free(entry);
          model.remove(k);
        } else {
          long moved = slabs.allocate(40);
          slabs.copy(entry, 8, moved, 8, 12);
          table.replace(root, entry, moved, hashOf(k));
          slabs.free(entry);
        }
      }
      assertEquals(model.size(), table.size(root));
      if (step % (model.size() < 100 ? 10 : 5_000) == 0) {
        table.validate(root);
        checkRandom(root, model, random);
      }
    }
    while (!table.drain(root, 100, slabs::free)) {
      assertTrue(slabs.usedBytes() > 0);
    }
    assertEquals(0, slabs.usedBytes(), "seed " + seed);
    slabs.validate();
  }

  private void checkRandom(long root, Map<Long, Integer> model, SplittableRandom random) {
    long entry = table.random(root, random);
    if (model.isEmpty()) {
      assertEquals(0, entry);
    } else {
      assertEquals(model.get(slabs.getLong(entry, 8)), slabs.getInt(entry, 16));
    }
  }

  @Test
  void shouldShowEveryStableEntryWhileTheTableIsResized() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20; round++) {
      long root = table.create(0);
      int stable = random.nextInt(1, 2_000);
      for (int k = 0; k < stable; k++) {
        insert(root, k, k);
      }
      Set<Long> shown = new HashSet<>();
      int churn = 0;
      int churnPerStep = random.nextInt(12);
      boolean growing = random.nextBoolean();
      int extra = growing ? 0 : 20_000;
      for (int k = 0; k < extra; k++) {
        insert(root, 1_000_000 + k, k);
      }
      long cursor = 0;
      int steps = 0;
      do {
        cursor = table.scan(root, cursor, entry -> shown.add(slabs.getLong(entry, 8)));
        for (int i = 0; i < churnPerStep; i++) {
          if (growing) {
            insert(root, 1_000_000 + churn++, 0);
          } else if (churn < extra) {
            long hash = hashOf(1_000_000 + churn++);
            slabs.free(table.remove(root, key, hash));
          }
        }
        assertTrue(++steps < 1_000_000);
      } while (cursor != 0 && churn < 200_000);
      if (cursor == 0) {
        for (long k = 0; k < stable; k++) {
          assertTrue(shown.contains(k), "seed " + seed + " lost " + k);
        }
      }
      table.validate(root);
      while (!table.drain(root, 1_000, slabs::free)) {
        assertNotEquals(0, slabs.usedBytes());
      }
    }
    assertEquals(0, slabs.usedBytes());
  }

  @Test
  void shouldRewriteEntriesWhileScanning() {
    long root = table.create(0);
    for (int k = 0; k < 50_000; k++) {
      insert(root, k, k);
    }
    long cursor = 0;
    do {
      cursor =
          table.rewrite(
              root,
              cursor,
              entry -> {
                int payload = slabs.getInt(entry, 16);
                if (payload % 3 == 0) {
                  slabs.free(entry);
                  return 0;
                }
                if (payload % 3 == 1) {
                  long moved = slabs.allocate(60);
                  slabs.copy(entry, 8, moved, 8, 12);
                  slabs.free(entry);
                  return moved;
                }
                return entry;
              });
    } while (cursor != 0);
    table.validate(root);
    for (int k = 0; k < 50_000; k++) {
      assertEquals(k % 3 != 0, find(root, k) != 0);
    }
  }

  @Test
  void shouldMoveItsOwnBlocksOutOfSparseSlabs() {
    long root = table.create(0);
    for (int k = 0; k < 200_000; k++) {
      insert(root, k, k);
    }
    for (int k = 0; k < 200_000; k++) {
      if (k % 10 != 0) {
        long hash = hashOf(k);
        slabs.free(table.remove(root, key, hash));
      }
    }
    while (table.rehash(root, 1_000)) {
      assertTrue(table.isResizing(root));
    }
    slabs.markSparse(80);
    long cursor = 0;
    do {
      cursor = table.compact(root, cursor, slabs::relocate);
    } while (cursor != 0);
    slabs.unmarkSparse();
    table.validate(root);
    slabs.validate();
    assertEquals(20_000, table.size(root));
    assertTrue(slabs.reservedBytes() < 6 << 20, "reserved " + slabs.reservedBytes());
  }
}
