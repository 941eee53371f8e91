package org.chronolith.engine.structure;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CompactListTest {
  private static final int BASE = 24;

  private final SlabAllocator slabs = TestMemory.slabs();
  private final CompactList lists = new CompactList(slabs, BASE);
  private final StoredBytes element = new StoredBytes(slabs);
  private final List<byte[]> model = new ArrayList<>();
  private long ref;

  @AfterEach
  void close() {
    TestMemory.close(slabs);
  }

  @Test
  void shouldBehaveAsAListOfByteArrays() {
    for (long seed = 1; seed <= 12; seed++) {
      try {
        model.clear();
        ref = lists.create(0);
        slabs.putLong(ref, 0, 0x1122334455667788L);
        Random random = new Random(seed);
        int longest = 1 + random.nextInt(random.nextBoolean() ? 12 : 300);
        for (int step = 0; step < 1_500; step++) {
          step(random, longest, step / 300 % 2 == 0 ? 3 : 7);
          check();
        }
        slabs.free(ref);
        assertEquals(0, slabs.usedBytes(), "leaked");
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed, t);
      }
    }
  }

  private void step(Random random, int longest, int removals) {
    int index = random.nextInt(model.size() + 1);
    if (random.nextInt(3) == 0) {
      index = random.nextBoolean() ? 0 : model.size();
    }
    int choice = random.nextInt(10);
    byte[] value = new byte[random.nextInt(longest)];
    random.nextBytes(value);
    if (choice >= removals && index < model.size()) {
      int howMany = Math.min(model.size() - index, 1 + random.nextInt(3));
      ref = lists.remove(ref, lists.at(ref, index), howMany);
      model.subList(index, index + howMany).clear();
      assertEquals(positionOf(index), lists.inserted());
    } else if (choice == 0 && index < model.size()) {
      ref = lists.replace(ref, lists.at(ref, index), slice(value));
      model.set(index, value);
      assertEquals(positionOf(index), lists.inserted());
    } else if (lists.fits(ref, CompactList.elementBytes(value.length))) {
      ref = lists.insert(ref, positionOf(index), slice(value));
      model.add(index, value);
      assertEquals(positionOf(index), lists.inserted());
    }
  }

  private int positionOf(int index) {
    return index == lists.count(ref) ? lists.end(ref) : lists.at(ref, index);
  }

  private void check() {
    assertTrue(lists.valid(ref));
    assertEquals(0x1122334455667788L, slabs.getLong(ref, 0), "the caller's part");
    assertEquals(model.size(), lists.count(ref));
    int position = lists.first(ref);
    for (byte[] expected : model) {
      assertArrayEquals(expected, bytes(position));
      position = lists.next(ref, position);
    }
    assertEquals(CompactList.NONE, position);
    position = lists.last(ref);
    for (int i = model.size() - 1; i >= 0; i--) {
      assertEquals(model.get(i).length, lists.length(ref, position));
      position = lists.previous(ref, position);
    }
    assertEquals(CompactList.NONE, position);
  }

  @Test
  void shouldFindFieldsAndNotValues() {
    ref = lists.create(0);
    for (String text : List.of("b", "a", "c", "b", "a", "d")) {
      ref = lists.insert(ref, lists.end(ref), slice(text.getBytes()));
    }
    assertEquals(lists.at(ref, 4), lists.find(ref, slice("a".getBytes()), 2));
    assertEquals(lists.at(ref, 1), lists.find(ref, slice("a".getBytes()), 1));
    assertEquals(CompactList.NONE, lists.find(ref, slice("d".getBytes()), 2));
  }

  @Test
  void shouldLoadWhatItSerialisedAndRefuseDamage() {
    ref = lists.create(0);
    for (int i = 0; i < 50; i++) {
      ref = lists.insert(ref, lists.end(ref), slice(new byte[i * 7]));
    }
    ByteBuf out = Unpooled.buffer();
    lists.serialise(ref, out);
    byte[] good = new byte[out.readableBytes()];
    out.getBytes(0, good);
    long loaded = lists.load(out);
    assertEquals(50, lists.count(loaded));
    assertEquals(lists.usedBytes(ref), lists.usedBytes(loaded));
    long before = slabs.usedBytes();
    for (int length = 0; length < good.length; length++) {
      assertEquals(0, lists.load(Unpooled.wrappedBuffer(good, 0, length)));
    }
    good[5]++;
    assertEquals(0, lists.load(Unpooled.wrappedBuffer(good)));
    assertEquals(before, slabs.usedBytes(), "a refused blob is freed");
  }

  @Test
  void shouldSplitAndCopy() {
    ref = lists.create(0);
    for (int i = 0; i < 40; i++) {
      ref = lists.insert(ref, lists.end(ref), slice(new byte[i]));
    }
    long copy = lists.copy(ref);
    long right = lists.split(ref, lists.at(ref, 15));
    assertEquals(15, lists.count(ref));
    assertEquals(25, lists.count(right));
    assertEquals(15, lists.length(right, lists.first(right)));
    assertTrue(lists.valid(ref) && lists.valid(right) && lists.valid(copy));
    assertNotEquals(ref, copy);
    assertEquals(40, lists.count(copy));
  }

  @Test
  void shouldFillUpToItsLargestBlob() {
    ref = lists.create(0);
    int elements = 0;
    byte[] value = new byte[1000];
    while (lists.fits(ref, CompactList.elementBytes(value.length))) {
      ref = lists.insert(ref, elements % 2 == 0 ? lists.end(ref) : lists.start(ref), slice(value));
      elements++;
    }
    assertTrue(lists.valid(ref));
    assertEquals((CompactList.MAX_BLOB_BYTES - BASE - 6) / 1004, elements);
  }

  private byte[] bytes(int position) {
    ByteBuf out = Unpooled.buffer();
    lists.element(ref, position, element);
    element.copyTo(out);
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return bytes;
  }

  private static Slice slice(byte[] bytes) {
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }
}
