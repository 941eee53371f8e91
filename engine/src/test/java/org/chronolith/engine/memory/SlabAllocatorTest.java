package org.chronolith.engine.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SlabAllocatorTest {
  private final SlabAllocator slabs = new SlabAllocator(SlabSource.inline(), 1L << 30, 42);

  @AfterEach
  void close() {
    slabs.close();
  }

  @Test
  void shouldRoundUpByAtMostAnEighth() {
    for (int bytes = 1; bytes <= SlabAllocator.MAX_BLOCK_BYTES; bytes++) {
      int capacity = SlabAllocator.capacityFor(bytes);
      assertTrue(capacity >= bytes, "capacity for " + bytes);
      assertTrue(capacity - bytes < Math.max(16, bytes / 8 + 1), bytes + " became " + capacity);
      assertEquals(0, capacity % 16);
    }
  }

  private record Block(long ref, byte[] content) {}

  @Test
  void shouldKeepContentUnderRandomAllocation() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    List<Block> blocks = new ArrayList<>();
    ByteBuf out = Unpooled.directBuffer(1 << 16);
    for (int step = 0; step < 60_000; step++) {
      boolean growing = step / 10_000 % 2 == 0;
      if (blocks.isEmpty() || random.nextInt(100) < (growing ? 60 : 40)) {
        int bytes = random.nextInt(20) == 0 ? random.nextInt(1, 65_537) : random.nextInt(1, 400);
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        long ref = slabs.allocate(bytes);
        slabs.copyIn(ref, 0, Unpooled.wrappedBuffer(content), 0, bytes);
        blocks.add(new Block(ref | 0xABCDL << 48, content));
      } else {
        int index = random.nextInt(blocks.size());
        Block block = blocks.get(index);
        out.clear();
        slabs.copyOut(block.ref, 0, block.content.length, out);
        byte[] read = new byte[block.content.length];
        out.readBytes(read);
        assertArrayEquals(block.content, read, "seed " + seed);
        slabs.free(block.ref);
        blocks.set(index, blocks.get(blocks.size() - 1));
        blocks.remove(blocks.size() - 1);
      }
      if (step % 100 == 0) {
        slabs.validate();
      }
    }
    blocks.forEach(block -> slabs.free(block.ref));
    assertEquals(0, slabs.usedBytes(), "seed " + seed);
    assertTrue(slabs.reservedBytes() <= SlabAllocator.SLAB_BYTES, "one spare slab may stay");
    out.release();
  }

  @Test
  void shouldMoveBlocksOutOfSparseSlabs() {
    List<Long> refs = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      long ref = slabs.allocate(100);
      slabs.putInt(ref, 0, i);
      refs.add(ref);
    }
    List<Long> kept = new ArrayList<>();
    for (int i = 0; i < refs.size(); i++) {
      if (i % 5 == 0) {
        kept.add(refs.get(i));
      } else {
        slabs.free(refs.get(i));
      }
    }
    long before = slabs.reservedBytes();
    assertTrue(slabs.markSparse(80) > 0);
    slabs.validate();
    for (int i = 0; i < kept.size(); i++) {
      kept.set(i, slabs.relocate(kept.get(i)));
      assertEquals(i * 5, slabs.getInt(kept.get(i), 0));
    }
    slabs.validate();
    assertEquals(0, slabs.sparseSlabs());
    assertTrue(slabs.reservedBytes() < before / 2, before + " -> " + slabs.reservedBytes());
    assertTrue(slabs.reservedBytes() <= slabs.usedBytes() * 1.3 + SlabAllocator.SLAB_BYTES * 2);
  }

  @Test
  void shouldAllowAllocationAgainAfterUnmarking() {
    List<Long> refs = new ArrayList<>();
    for (int i = 0; i < 40_000; i++) {
      refs.add(slabs.allocate(64));
    }
    for (int i = 0; i < refs.size(); i++) {
      if (i % 4 != 0) {
        slabs.free(refs.get(i));
      }
    }
    assertTrue(slabs.markSparse(90) > 0);
    slabs.unmarkSparse();
    slabs.validate();
    long reserved = slabs.reservedBytes();
    for (int i = 0; i < 20_000; i++) {
      slabs.allocate(64);
    }
    assertEquals(reserved, slabs.reservedBytes());
  }

  @Test
  void shouldHashAndCompareLikeTheBytes() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    ByteBuf buffer = Unpooled.directBuffer();
    for (int step = 0; step < 20_000; step++) {
      byte[] a = new byte[random.nextInt(40)];
      random.nextBytes(a);
      byte[] b = random.nextBoolean() ? a.clone() : new byte[random.nextInt(40)];
      if (b.length > 0 && random.nextBoolean()) {
        b[random.nextInt(b.length)] = (byte) random.nextInt();
      }
      long block = slabs.allocate(48);
      long other = slabs.allocate(48);
      slabs.copyIn(block, 3, a, 0, a.length);
      slabs.copyIn(other, 5, b, 0, b.length);
      buffer.clear().writeByte(7).writeBytes(b);
      Slice slice = new Slice(buffer, 1, b.length);
      int expected = Integer.signum(Arrays.compareUnsigned(a, b));
      assertEquals(
          expected, Integer.signum(slabs.compare(block, 3, a.length, slice)), "seed " + seed);
      assertEquals(
          expected,
          Integer.signum(slabs.compare(block, 3, a.length, other, 5, b.length)),
          "seed " + seed);
      assertEquals(expected == 0, slabs.equals(block, 3, a.length, slice), "seed " + seed);
      assertEquals(slabs.hash(slice), slabs.hash(other, 5, b.length), "seed " + seed);
      if (expected != 0) {
        assertNotEquals(slabs.hash(slice), slabs.hash(block, 3, a.length), "seed " + seed);
      }
      slabs.free(block);
      slabs.free(other);
    }
    buffer.release();
  }

  @Test
  void shouldHashAllShortKeysApart() {
    ByteBuf buffer = Unpooled.directBuffer();
    Map<Long, String> keys = new HashMap<>();
    for (int length = 0; length <= 2; length++) {
      for (int value = 0; value < 1 << 8 * length; value++) {
        buffer.clear().writeByte(value).writeByte(value >>> 8);
        String key = length + " bytes of " + value;
        String before = keys.put(slabs.hash(new Slice(buffer, 0, length)), key);
        assertNull(before, () -> key + " collides with " + before);
      }
    }
    buffer.release();
  }

  @Test
  void shouldCopyOverlappingRangesAndZero() {
    long block = slabs.allocate(64);
    for (int i = 0; i < 64; i++) {
      slabs.putByte(block, i, (byte) i);
    }
    slabs.copy(block, 0, block, 5, 40);
    assertEquals(39, slabs.getByte(block, 44));
    slabs.zero(block, 3, 21);
    assertEquals(2, slabs.getByte(block, 2));
    assertEquals(0, slabs.getByte(block, 23));
    assertEquals(19, slabs.getByte(block, 24));
  }

  @Test
  void shouldCatchDoubleFreeAndUseAfterFree() {
    slabs.allocate(32);
    long ref = slabs.allocate(32);
    slabs.free(ref);
    assertThrows(AssertionError.class, () -> slabs.getLong(ref, 0));
    assertThrows(AssertionError.class, () -> slabs.free(ref));
  }

  @Test
  void shouldRefuseBeforeMemoryRunsOut() {
    SlabAllocator small = new SlabAllocator(SlabSource.inline(), 16L << 20, 1);
    int blocks = 0;
    while (small.canAllocate(1000)) {
      small.allocate(1000);
      blocks++;
    }
    assertTrue(blocks > 10_000);
    assertFalse(small.canAllocate(1));
    // What a granted command still needs comes out of the reserve.
    for (int i = 0; i < 16; i++) {
      small.allocate(SlabAllocator.MAX_BLOCK_BYTES);
    }
    assertThrows(
        EngineException.class,
        () -> {
          for (int i = 0; i < 1000; i++) {
            small.allocate(SlabAllocator.MAX_BLOCK_BYTES);
          }
        });
    small.close();
  }

  @Test
  void shouldLeaveMemoryToTheOtherTakersOfTheSource() {
    SlabSource source = SlabSource.start(2, 64L << 20);
    SlabAllocator serving = new SlabAllocator(source, 64L << 20, 1);
    SlabAllocator loading = new SlabAllocator(source, 64L << 20, 2);
    loading.leave(24L << 20);
    serving.allocate(64);
    EngineException full = assertThrows(EngineException.class, () -> allocate(loading, 100L << 20));
    assertTrue(full.getMessage().contains("beside the one that serves"), full.getMessage());
    assertEquals(39L << 20, loading.reservedBytes());
    assertTrue(serving.canAllocate(8L << 20));
    allocate(serving, 15L << 20);
    assertFalse(serving.canAllocate(8L << 20), "it is what both have together");
    allocate(serving, 8L << 20);
    assertThrows(EngineException.class, () -> allocate(serving, 8L << 20));
    loading.close();
    assertTrue(serving.canAllocate(8L << 20));
    allocate(serving, 30L << 20);
    serving.close();
    source.close();
  }

  @Test
  void shouldPrepareNoMoreThanMayBeTaken() {
    SlabSource source = SlabSource.start(64, 16L << 20);
    SlabAllocator allocator = new SlabAllocator(source, 16L << 20, 1);
    // Most of them are made where they are needed, so that many more are wanted ready.
    allocate(allocator, 12L << 20);
    long watchedUntil = System.nanoTime() + 100_000_000L;
    while (System.nanoTime() < watchedUntil) {
      assertTrue(source.readySlabs() <= 4, "with the twelve that are taken");
    }
    allocator.close();
    source.close();
  }

  private static void allocate(SlabAllocator from, long bytes) {
    for (long got = 0; got < bytes; got += SlabAllocator.MAX_BLOCK_BYTES) {
      from.allocate(SlabAllocator.MAX_BLOCK_BYTES);
    }
  }

  @Test
  void shouldTakePreparedSlabs() throws InterruptedException {
    SlabSource source = SlabSource.start(8, 1L << 30);
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (source.readySlabs() < 2) {
      assertTrue(System.nanoTime() < deadline, "no slab was prepared");
      Thread.onSpinWait();
    }
    SlabAllocator allocator = new SlabAllocator(source, 1L << 30, 1);
    allocator.allocate(64);
    assertEquals(0, source.allocatedInline());
    allocator.close();
    source.close();
    assertEquals(0, source.readySlabs());
  }
}
