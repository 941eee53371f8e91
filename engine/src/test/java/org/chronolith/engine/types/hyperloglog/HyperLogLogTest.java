package org.chronolith.engine.types.hyperloglog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.chronolith.engine.Slice;
import org.chronolith.engine.types.hyperloglog.HyperLogLog.Added;
import org.junit.jupiter.api.Test;

class HyperLogLogTest {
  private static final int SPARSE_BYTES = 3_000;

  private final HyperLogLog log = new HyperLogLog();
  private final byte[] model = new byte[HyperLogLog.REGISTERS];

  private static Slice slice(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    return new Slice(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }

  /** The registers of what {@code log} is turned to, read by other means than its own. */
  private byte[] registers() {
    byte[] bytes = log.bytes().toBytes();
    byte[] registers = new byte[HyperLogLog.REGISTERS];
    if (log.isDense()) {
      for (int bit = 0; bit < registers.length * 6; bit++) {
        int set = bytes[16 + (bit >> 3)] >> (bit & 7) & 1;
        registers[bit / 6] |= (byte) (set << bit % 6);
      }
      return registers;
    }
    int register = 0;
    for (int at = 16; at < bytes.length; at++) {
      int run = bytes[at] & 0xFF;
      if (run >= 0x80) {
        Arrays.fill(registers, register, register + (run & 3) + 1, (byte) ((run >> 2 & 31) + 1));
        register += (run & 3) + 1;
      } else if (run >= 0x40) {
        register += ((run & 0x3F) << 8 | bytes[++at] & 0xFF) + 1;
      } else {
        register += run + 1;
      }
    }
    assertEquals(registers.length, register);
    return registers;
  }

  private Added add(String element, int sparseBytes) {
    long hash = ElementHash.of(slice(element));
    int register = ElementHash.register(hash);
    boolean higher = ElementHash.count(hash) > model[register];
    if (higher) {
      model[register] = (byte) ElementHash.count(hash);
    }
    Added added = log.add(slice(element), sparseBytes);
    assertEquals(higher ? Added.YES : Added.NO, added, element);
    return added;
  }

  @Test
  void shouldHoldTheHighestCountsInBothForms() {
    for (long seed = 1; seed <= 4; seed++) {
      Random random = new Random(seed);
      log.clear();
      Arrays.fill(model, (byte) 0);
      boolean wasSparse = false;
      for (int i = 0; i < 6_000; i++) {
        add("e" + random.nextInt(100_000), SPARSE_BYTES);
        wasSparse |= !log.isDense();
        if (i % 100 == 0) {
          assertTrue(Arrays.equals(model, registers()), "seed " + seed + ", element " + i);
          assertTrue(log.isDense() || log.bytes().length() <= SPARSE_BYTES);
        }
      }
      assertTrue(wasSparse && log.isDense(), "seed " + seed);
    }
  }

  @Test
  void shouldReckonWithinTwoPercent() {
    log.clear();
    Random random = new Random(5);
    Set<String> distinct = new HashSet<>();
    for (int i = 1; i <= 200_000; i++) {
      String element = Long.toString(random.nextLong(150_000));
      distinct.add(element);
      log.add(slice(element), SPARSE_BYTES);
      if (i % 20_000 == 0 || i == 100) {
        log.outdate();
        assertFalse(log.isUpToDate());
        long cardinality = log.reckon();
        assertEquals(distinct.size(), cardinality, distinct.size() * 0.02 + 1);
        assertTrue(log.isUpToDate());
        assertEquals(cardinality, log.cardinality());
      }
    }
  }

  @Test
  void shouldUniteSparseAndDense() {
    log.clear();
    log.beginUnion();
    for (int key = 0; key < 3; key++) {
      log.clear();
      for (int i = 0; i < 400; i++) {
        long hash = ElementHash.of(slice(key + "-" + i));
        int register = ElementHash.register(hash);
        model[register] = (byte) Math.max(model[register], ElementHash.count(hash));
        log.add(slice(key + "-" + i), SPARSE_BYTES);
      }
      if (key == 1) {
        assertTrue(log.makeDense());
      }
      assertTrue(log.addToUnion());
    }
    assertEquals(1_200, log.unionCardinality(), 24);
    for (boolean dense : new boolean[] {false, true}) {
      log.clear();
      assertTrue(!dense || log.makeDense());
      assertTrue(log.takeUnion(HyperLogLog.MAX_BYTES));
      assertEquals(dense, log.isDense());
      assertFalse(log.isUpToDate());
      assertTrue(Arrays.equals(model, registers()));
    }
  }

  @Test
  void shouldNameDamage() {
    log.clear();
    log.add(slice("a"), SPARSE_BYTES);
    byte[] valid = log.bytes().toBytes();
    for (int length = 16; length < valid.length; length++) {
      load(Arrays.copyOf(valid, length));
      assertTrue(log.isOne(length));
      assertFalse(log.addToUnion(), "of " + length + " bytes");
      assertEquals(-1, log.reckon());
      assertFalse(log.makeDense());
    }
    load(Arrays.copyOf(valid, 16));
    assertEquals(Added.DAMAGED, log.add(slice("b"), SPARSE_BYTES));
    load(Arrays.copyOf(valid, 15));
    assertFalse(log.isOne(15));
    for (int at = 0; at < 4; at++) {
      byte[] wrong = valid.clone();
      wrong[at]++;
      load(wrong);
      assertFalse(log.isOne(wrong.length));
    }
    byte[] dense = valid.clone();
    dense[4] = 0;
    load(dense);
    assertFalse(log.isOne(dense.length));
    assertTrue(log.isOne(HyperLogLog.DENSE_BYTES));
  }

  private void load(byte[] bytes) {
    ByteBuf room = log.room(bytes.length);
    room.writeBytes(bytes);
  }
}
