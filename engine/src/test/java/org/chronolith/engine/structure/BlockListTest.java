package org.chronolith.engine.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockListTest {
  private static final int BLOCK_BYTES = 512;

  private final SlabAllocator slabs = TestMemory.slabs();

  /** What a snapshot that takes every change at once would hold: blocks by order key. */
  private final TreeMap<Long, byte[]> stored = new TreeMap<>();

  private final List<Long> changed = new ArrayList<>();
  private final BlockList lists =
      new BlockList(
          slabs,
          BLOCK_BYTES,
          new BlockListener() {
            @Override
            public void changing(long root, long block) {
              changed.add(orderKey(block));
            }

            @Override
            public void added(long root, long block) {
              changed.add(orderKey(block));
            }

            @Override
            public void removing(long root, long block) {
              stored.remove(orderKey(block));
              changed.remove(orderKey(block));
            }
          });
  private final BlockList.Cursor cursor = lists.cursor();
  private final StoredBytes element = new StoredBytes(slabs);
  private List<byte[]> model = new ArrayList<>();
  private long root;

  private long orderKey(long block) {
    return slabs.getLong(block, 16);
  }

  @AfterEach
  void close() {
    TestMemory.close(slabs);
  }

  @Test
  void shouldBehaveAsAListOfByteArrays() {
    for (long seed = 1; seed <= 5; seed++) {
      try {
        run(new Random(seed));
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed, t);
      }
    }
  }

  private void run(Random random) {
    root = lists.create(77);
    model = new ArrayList<>();
    stored.clear();
    for (int step = 0; step < 2_500; step++) {
      changed.clear();
      step(random, step / 500 % 2 == 0);
      check(step % 10 == 0);
    }
    while (root != 0) {
      root = lists.free(root, 3);
    }
    assertEquals(0, slabs.usedBytes(), "leaked");
  }

  private void step(Random random, boolean growing) {
    byte[] value = new byte[length(random)];
    random.nextBytes(value);
    int size = model.size();
    int index = size == 0 ? 0 : random.nextInt(size);
    int choice = random.nextInt(12);
    if (size == 0 || choice < 2 || choice < 5 && growing) {
      if (random.nextBoolean()) {
        lists.pushFirst(root, slice(value));
        model.add(0, value);
      } else {
        lists.pushLast(root, slice(value));
        model.add(value);
      }
    } else if (choice < 5) {
      int howMany = 1 + random.nextInt(4);
      boolean first = random.nextBoolean();
      if (first) {
        lists.removeFirst(root, howMany);
      } else {
        lists.removeLast(root, howMany);
      }
      int from = first ? 0 : Math.max(0, size - howMany);
      model.subList(from, Math.min(size, from + howMany)).clear();
    } else if (choice < 7) {
      assertTrue(cursor.seek(root, index));
      assertEquals(index < size - 1, cursor.remove());
      model.remove(index);
      assertAt(index);
    } else if (choice < 9) {
      assertTrue(cursor.seek(root, index));
      cursor.insertBefore(slice(value));
      model.add(index, value);
      assertAt(index);
    } else if (choice < 10) {
      assertTrue(cursor.seek(root, index));
      cursor.insertAfter(slice(value));
      model.add(index + 1, value);
      assertAt(index + 1);
    } else {
      assertTrue(cursor.seek(root, index));
      cursor.replace(slice(value));
      model.set(index, value);
      assertAt(index);
    }
  }

  private static int length(Random random) {
    int kind = random.nextInt(400);
    return kind == 0
        ? random.nextInt(90_000)
        : kind < 20 ? random.nextInt(700) : random.nextInt(30);
  }

  private void assertAt(int index) {
    if (index < model.size()) {
      assertArrayEquals(model.get(index), bytes());
    }
  }

  private void check(boolean thoroughly) {
    assertEquals(model.size(), lists.count(root));
    long blocks = 0;
    long previousKey = Long.MIN_VALUE;
    long previous = 0;
    long elements = 0;
    for (long block = lists.head(root); block != 0; block = lists.nextBlock(block)) {
      blocks++;
      assertEquals(previous, slabs.getLong(block, 0), "previous link");
      assertTrue(lists.orderKey(block) > previousKey, "order keys ascend");
      previousKey = lists.orderKey(block);
      previous = block;
      elements += lists.elements(block);
      if (changed.contains(previousKey)) {
        ByteBuf out = Unpooled.buffer();
        lists.serialiseBlock(block, out);
        stored.put(previousKey, bytesOf(out));
      }
    }
    assertEquals(previous, slabs.getLong(root, 8), "tail");
    assertEquals(blocks, lists.blocks(root));
    assertEquals(model.size(), elements);
    assertEquals(blocks, stored.size(), "blocks that a snapshot holds");
    if (!thoroughly) {
      return;
    }
    boolean there = cursor.seek(root, 0);
    for (byte[] expected : model) {
      assertTrue(there);
      assertArrayEquals(expected, bytes());
      assertTrue(cursor.equals(slice(expected)));
      there = cursor.next();
    }
    assertFalse(there);
    there = cursor.seek(root, model.size() - 1);
    for (int i = model.size() - 1; i >= 0; i--) {
      cursor.element(element);
      assertEquals(model.get(i).length, element.length());
      there = cursor.previous();
    }
    assertFalse(there);
    checkLoaded();
  }

  /** Every change was reported: the list rebuilt from the stored blocks is the same. */
  private void checkLoaded() {
    long loaded = lists.create(78);
    stored.forEach(
        (key, bytes) ->
            assertTrue(lists.loadBlock(loaded, key, (byte) 0, Unpooled.wrappedBuffer(bytes))));
    assertEquals(model.size(), lists.count(loaded));
    boolean there = cursor.seek(loaded, 0);
    for (byte[] expected : model) {
      assertTrue(there);
      assertArrayEquals(expected, bytes());
      there = cursor.next();
    }
    assertEquals(0, lists.free(loaded, Integer.MAX_VALUE));
  }

  @Test
  void shouldRenumberWhenInsertionsUseUpTheKeysInBetween() {
    root = lists.create(1);
    byte[] big = new byte[BLOCK_BYTES + 1];
    for (int i = 0; i < 3; i++) {
      lists.pushLast(root, slice(big));
    }
    for (int i = 0; i < 100; i++) {
      cursor.seek(root, 1);
      cursor.insertBefore(slice(big));
    }
    long previous = Long.MIN_VALUE;
    for (long block = lists.head(root); block != 0; block = lists.nextBlock(block)) {
      assertTrue(lists.orderKey(block) > previous);
      previous = lists.orderKey(block);
    }
    assertEquals(103, lists.count(root));
  }

  @Test
  void shouldRefuseDamagedBlocks() {
    root = lists.create(1);
    for (int length : new int[] {3, 40, 600}) {
      lists.pushLast(root, slice(new byte[length]));
    }
    ByteBuf out = Unpooled.buffer();
    lists.serialiseBlock(lists.head(root), out);
    byte[] good = bytesOf(out);
    long used = slabs.usedBytes();
    for (int length = 0; length < good.length; length++) {
      assertFalse(
          lists.loadBlock(root, 1L << 40, (byte) 0, Unpooled.wrappedBuffer(good, 0, length)));
    }
    good[0] = 9;
    assertFalse(lists.loadBlock(root, 1L << 40, (byte) 0, Unpooled.wrappedBuffer(good)));
    assertEquals(3, lists.count(root));
    assertEquals(used, slabs.usedBytes());
  }

  @Test
  void shouldCopyAWholeList() {
    root = lists.create(1);
    for (int i = 0; i < 300; i++) {
      byte[] value = new byte[i * 5];
      model.add(value);
      lists.pushLast(root, slice(value));
    }
    long copy = lists.copy(root, 2, (byte) 3);
    assertEquals(2, lists.collectionId(copy));
    assertEquals(0, lists.free(root, Integer.MAX_VALUE));
    boolean there = cursor.seek(copy, 0);
    for (byte[] expected : model) {
      assertTrue(there);
      assertArrayEquals(expected, bytes());
      there = cursor.next();
    }
    assertFalse(there);
  }

  private byte[] bytes() {
    ByteBuf out = Unpooled.buffer();
    cursor.element(element);
    element.copyTo(out);
    return bytesOf(out);
  }

  private static byte[] bytesOf(ByteBuf out) {
    byte[] bytes = new byte[out.readableBytes()];
    out.getBytes(out.readerIndex(), bytes);
    return bytes;
  }

  private static Slice slice(byte[] bytes) {
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }
}
