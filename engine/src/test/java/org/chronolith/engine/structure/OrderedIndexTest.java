package org.chronolith.engine.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OrderedIndexTest {
  private record Item(double score, byte[] bytes, long ref) {}

  private static final Comparator<Item> ORDER =
      (a, b) ->
          a.score < b.score ? -1 : a.score > b.score ? 1 : Arrays.compareUnsigned(a.bytes, b.bytes);

  private final SlabAllocator slabs = TestMemory.slabs();
  private final OrderedIndex.Members members =
      new OrderedIndex.Members() {
        @Override
        public int compare(long member, long other) {
          return Arrays.compareUnsigned(bytesOf(member), bytesOf(other));
        }

        @Override
        public int compare(long member, Slice other) {
          return Arrays.compareUnsigned(bytesOf(member), other.toBytes());
        }
      };
  private final OrderedIndex index = new OrderedIndex(slabs, members);
  private final OrderedIndex.Cursor cursor = index.cursor();
  private long root;

  @AfterEach
  void close() {
    TestMemory.close(slabs);
  }

  @Test
  void shouldBehaveAsATreeSetUnderRandomChanges() {
    for (long seed = 1; seed <= 8; seed++) {
      try {
        run(new Random(seed));
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed, t);
      }
    }
  }

  private void run(Random random) {
    TreeSet<Item> model = new TreeSet<>(ORDER);
    root = 0;
    int kinds = random.nextBoolean() ? 5 : 100_000;
    int phases = 6;
    for (int phase = 0; phase < phases; phase++) {
      int target = phase == phases - 1 ? 0 : random.nextInt(4_000);
      List<Item> items = new ArrayList<>(model);
      while (model.size() != target) {
        boolean add = model.size() < target ? random.nextInt(5) > 0 : random.nextInt(5) == 0;
        if (add) {
          Item item = item(score(random, kinds), Integer.toString(random.nextInt(1 << 20)));
          if (model.add(item)) {
            root = index.insert(root, item.score, item.ref);
            items.add(item);
          } else {
            slabs.free(item.ref);
          }
        } else if (!items.isEmpty()) {
          Item item = items.remove(random.nextInt(items.size()));
          model.remove(item);
          root = index.remove(root, item.score, item.ref);
          slabs.free(item.ref);
        }
        if (random.nextInt(150) == 0) {
          check(model, random);
        }
      }
      check(model, random);
    }
    assertEquals(0, root);
    assertEquals(0, slabs.usedBytes(), "leaked");
  }

  private static double score(Random random, int kinds) {
    int kind = random.nextInt(kinds);
    return switch (kind) {
      case 0 -> Double.NEGATIVE_INFINITY;
      case 1 -> Double.POSITIVE_INFINITY;
      case 2 -> -0.0;
      case 3 -> 0.0;
      default -> kind - kinds / 2.0;
    };
  }

  private void check(TreeSet<Item> model, Random random) {
    assertEquals(model.size(), index.size(root));
    if (root != 0) {
      assertEquals(model.size(), checkNode(root, true));
    }
    List<Item> expected = new ArrayList<>(model);
    boolean there = cursor.seekIndex(root, 0);
    for (Item item : expected) {
      assertTrue(there);
      assertEquals(item.ref, cursor.member());
      there = cursor.next();
    }
    assertFalse(there);
    there = cursor.seekIndex(root, expected.size() - 1);
    for (int i = expected.size() - 1; i >= 0; i--) {
      assertEquals(expected.get(i).ref, cursor.member());
      there = cursor.previous();
    }
    assertFalse(there);
    for (int i = 0; i < 20 && !expected.isEmpty(); i++) {
      int at = random.nextInt(expected.size());
      Item item = expected.get(at);
      assertEquals(at, index.rank(root, item.score, item.ref));
      assertTrue(cursor.seekIndex(root, at));
      assertEquals(item.ref, cursor.member());
      checkSeek(expected, item.score);
      checkSeek(expected, item.score + 0.5);
    }
  }

  private void checkSeek(List<Item> expected, double score) {
    Item atLeast = expected.stream().filter(i -> i.score >= score).findFirst().orElse(null);
    assertEquals(atLeast != null, cursor.seekScore(root, score, false));
    if (atLeast != null) {
      assertEquals(atLeast.ref, cursor.member());
    }
    Item above = expected.stream().filter(i -> i.score > score).findFirst().orElse(null);
    assertEquals(above != null, cursor.seekScore(root, score, true));
    if (above != null) {
      assertEquals(above.ref, cursor.member());
    }
    assertEquals(
        expected.stream().filter(i -> i.score < score).count(),
        index.countBelow(root, score, false));
    assertEquals(
        expected.stream().filter(i -> i.score <= score).count(),
        index.countBelow(root, score, true));
  }

  /** Checks counts, sizes, levels and last items below a node; answers how many items there are. */
  private long checkNode(long node, boolean isRoot) {
    int level = slabs.getByte(node, 2);
    int count = slabs.getShort(node, 0);
    assertTrue(
        count > 0 && count <= (level == 0 ? OrderedNodes.LEAF_ITEMS : OrderedNodes.INNER_ITEMS));
    assertTrue(!isRoot || level == 0 || count > 1, "a root with one child");
    if (level == 0) {
      return count;
    }
    long size = 0;
    for (int i = 0; i < count; i++) {
      int at = 8 + i * 32;
      long child = slabs.getLong(node, at + 16);
      int childLevel = slabs.getByte(child, 2);
      assertEquals(level - 1, childLevel);
      long below = checkNode(child, false);
      assertEquals(below, slabs.getLong(node, at + 24));
      int last = slabs.getShort(child, 0) - 1;
      int lastAt = childLevel == 0 ? 24 + last * 16 : 8 + last * 32;
      assertEquals(slabs.getLong(child, lastAt), slabs.getLong(node, at), "last score");
      assertEquals(slabs.getLong(child, lastAt + 8), slabs.getLong(node, at + 8), "last member");
      size += below;
    }
    return size;
  }

  @Test
  void shouldFillLeavesWhenScoresAscend() {
    for (int i = 0; i < 6_200; i++) {
      root = index.insert(root, i, item(i, "m").ref);
    }
    long nodes = slabs.usedBytes() - 6_200L * slabs.capacity(item(0, "m").ref);
    assertTrue(nodes < 6_200 * 19L, "bytes for nodes: " + nodes);
  }

  @Test
  void shouldSeekMembersWhenScoresAreEqual() {
    for (int i = 0; i < 500; i++) {
      root = index.insert(root, 0, item(0, String.format("%03d", i * 2)).ref);
    }
    assertTrue(cursor.seekMember(root, slice("100"), false));
    assertEquals("100", new String(bytesOf(cursor.member())));
    assertTrue(cursor.seekMember(root, slice("100"), true));
    assertEquals("102", new String(bytesOf(cursor.member())));
    assertTrue(cursor.seekMember(root, slice("101"), true));
    assertEquals("102", new String(bytesOf(cursor.member())));
    assertFalse(cursor.seekMember(root, slice("998"), true));
  }

  @Test
  void shouldCountMembersBelowAnotherWhenScoresAreEqual() {
    assertEquals(0, index.countBelow(0, slice("0"), true));
    for (int i = 0; i < 3_000; i++) {
      root = index.insert(root, 0, item(0, String.format("%04d", i * 2)).ref);
    }
    for (int i = 0; i < 3_000; i++) {
      Slice member = slice(String.format("%04d", i * 2));
      assertEquals(i, index.countBelow(root, member, false));
      assertEquals(i + 1, index.countBelow(root, member, true));
      Slice between = slice(String.format("%04d", i * 2 + 1));
      assertEquals(i + 1, index.countBelow(root, between, false));
      assertEquals(i + 1, index.countBelow(root, between, true));
    }
    assertEquals(0, index.countBelow(root, slice(""), true));
    assertEquals(3_000, index.countBelow(root, slice("9"), false));
  }

  @Test
  void shouldFollowAMemberThatMoved() {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Item item = item(i % 7, Integer.toString(i));
      items.add(item);
      root = index.insert(root, item.score, item.ref);
    }
    TreeSet<Item> model = new TreeSet<>(ORDER);
    for (Item item : items) {
      Item moved = item(item.score, new String(item.bytes));
      index.moved(root, item.score, item.ref, moved.ref);
      slabs.free(item.ref);
      model.add(moved);
    }
    check(model, new Random(1));
  }

  @Test
  void shouldFreeATreeInSlices() {
    for (int i = 0; i < 5_000; i++) {
      root = index.insert(root, i, 1);
    }
    int slices = 0;
    while (root != 0) {
      root = index.free(root, 10);
      slices++;
    }
    assertTrue(slices > 8 && slices < 30, "slices: " + slices);
    assertEquals(0, slabs.usedBytes());
  }

  private Item item(double score, String text) {
    byte[] bytes = text.getBytes();
    long ref = slabs.allocate(2 + bytes.length);
    slabs.putShort(ref, 0, (short) bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      slabs.putByte(ref, 2 + i, bytes[i]);
    }
    return new Item(score, bytes, ref);
  }

  private byte[] bytesOf(long ref) {
    byte[] bytes = new byte[slabs.getShort(ref, 0)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = slabs.getByte(ref, 2 + i);
    }
    return bytes;
  }

  private static Slice slice(String text) {
    return new Slice(Unpooled.wrappedBuffer(text.getBytes()), 0, text.length());
  }
}
