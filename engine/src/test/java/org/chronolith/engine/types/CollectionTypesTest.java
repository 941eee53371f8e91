package org.chronolith.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.TestMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every type, small and large, under random operations, while snapshots walk over it, its blocks
 * are moved and copies are made; always compared with collections of the JDK.
 */
class CollectionTypesTest {
  enum Kind {
    HASH,
    SET,
    ZSET,
    LIST
  }

  private static final CollectionLimits LIMITS = new CollectionLimits(20, 40, 20, 40, 20, 40, 400);

  private final SlabAllocator slabs = TestMemory.slabs();
  private final SnapshotModel snapshots = new SnapshotModel();
  private final CollectionMemory memory = new CollectionMemory(slabs, LIMITS, snapshots, snapshots);

  private int slabsEmptied;

  @AfterEach
  void close() {
    TestMemory.close(slabs);
  }

  private Subject subject(Kind kind) {
    return switch (kind) {
      case HASH -> new HashSubject(memory);
      case SET -> new SetSubject(memory);
      case ZSET -> new ZsetSubject(memory);
      case LIST -> new ListSubject(memory);
    };
  }

  @ParameterizedTest
  @EnumSource
  void shouldBehaveAsItsModelAndSurviveInSnapshots(Kind kind) {
    for (long seed = 1; seed <= 3; seed++) {
      try {
        run(subject(kind), new Random(seed));
      } catch (Throwable t) {
        throw new AssertionError("seed " + seed, t);
      }
    }
  }

  private void run(Subject subject, Random random) {
    List<String> atMark = null;
    int snapshotsTaken = 0;
    for (int step = 0; step < 4_000; step++) {
      boolean growing = step / 800 % 2 == 0;
      subject.step(random, growing);
      if (subject.size() == 0 && subject.root() != 0) {
        drop(subject);
        atMark = null;
      }
      if (step % 20 == 0) {
        assertEquals(subject.expected(), subject.read(subject.encoding(), subject.root()));
      }
      if (subject.encoding() == Encoding.LARGE) {
        if (snapshots.isWalking()) {
          if (random.nextInt(3) == 0 && snapshots.step(subject.type(), subject.root(), 2)) {
            checkLoaded(subject, atMark);
            snapshotsTaken++;
          }
        } else if (random.nextInt(60) == 0) {
          snapshots.beginSnapshot();
          atMark = subject.expected();
        }
      } else if (step % 10 == 0 && subject.root() != 0) {
        checkSmall(subject);
      }
      if (random.nextInt(400) == 0) {
        moveBlocks(subject, random);
      }
      if (random.nextInt(200) == 0 && subject.root() != 0) {
        checkCopy(subject);
      }
    }
    if (subject.root() != 0) {
      drop(subject);
    }
    assertEquals(0, slabs.usedBytes(), "leaked");
    assertTrue(slabsEmptied > 0, "nothing was moved");
    assertTrue(snapshotsTaken > 3, "snapshots taken: " + snapshotsTaken);
  }

  private void drop(Subject subject) {
    free(subject, subject.encoding(), subject.root());
    subject.clear();
    snapshots.getAsLong();
  }

  private static void free(Subject subject, int encoding, long root) {
    if (encoding == Encoding.COMPACT) {
      subject.type().freeSmall(encoding, root);
      return;
    }
    long left = root;
    int slices = 0;
    while (left != 0) {
      left = subject.type().freeBig(encoding, left, 7);
      assertTrue(++slices < 10_000);
    }
  }

  private void checkLoaded(Subject subject, List<String> atMark) {
    if (atMark.isEmpty()) {
      return;
    }
    long loaded = snapshots.load(subject.type());
    assertEquals(atMark, subject.read(Encoding.LARGE, loaded), "what the snapshot holds");
    free(subject, Encoding.LARGE, loaded);
  }

  private void checkSmall(Subject subject) {
    ByteBuf out = Unpooled.buffer();
    subject.type().writeSmall(Encoding.COMPACT, subject.root(), out);
    long loaded =
        subject.type().loadSmall(Encoding.COMPACT, new Slice(out, 0, out.readableBytes()));
    assertEquals(subject.expected(), subject.read(Encoding.COMPACT, loaded));
    subject.type().freeSmall(Encoding.COMPACT, loaded);
  }

  private void checkCopy(Subject subject) {
    long copy = subject.type().copy(subject.encoding(), subject.root(), 1L << 40);
    assertEquals(subject.expected(), subject.read(subject.encoding(), copy));
    free(subject, subject.encoding(), copy);
  }

  /** Makes slabs sparse with blocks that come and go, then moves the collection out of them. */
  private void moveBlocks(Subject subject, Random random) {
    if (subject.root() == 0) {
      return;
    }
    List<Long> filler = new ArrayList<>();
    for (int bytes : new int[] {32, 48, 448, 1024}) {
      int blocks = SlabAllocator.SLAB_BYTES / bytes + 1;
      for (int i = 0; i < blocks; i++) {
        filler.add(slabs.allocate(bytes));
      }
    }
    long copy = subject.type().copy(subject.encoding(), subject.root(), snapshots.id());
    filler.forEach(slabs::free);
    slabsEmptied += slabs.markSparse(90);
    subject.moved(compact(subject, subject.root()));
    copy = compact(subject, copy);
    assertEquals(0, slabs.sparseSlabs(), "slabs that could not be emptied");
    assertEquals(subject.expected(), subject.read(subject.encoding(), subject.root()));
    assertEquals(subject.expected(), subject.read(subject.encoding(), copy));
    free(subject, subject.encoding(), copy);
  }

  private static long compact(Subject subject, long root) {
    TypeSupport.Relocation relocation = new TypeSupport.Relocation();
    relocation.root = root;
    long cursor = 0;
    do {
      cursor = subject.type().compact(subject.encoding(), relocation.root, cursor, 3, relocation);
    } while (cursor != 0);
    return relocation.root;
  }

  @ParameterizedTest
  @EnumSource
  void shouldHoldElementsLongerThanABlock(Kind kind) {
    Subject subject = subject(kind);
    for (int length : new int[] {16 << 10, (16 << 10) + 1, 65_535, 65_536, 300_000}) {
      subject.add(length);
    }
    assertEquals(Encoding.LARGE, subject.encoding());
    assertEquals(subject.expected(), subject.read(Encoding.LARGE, subject.root()));
    checkCopy(subject);
    snapshots.beginSnapshot();
    while (!snapshots.step(subject.type(), subject.root(), 1)) {
      assertTrue(snapshots.isWalking());
    }
    checkLoaded(subject, subject.expected());
    drop(subject);
    assertEquals(0, slabs.usedBytes());
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseDamagedItems(Kind kind) {
    Subject subject = subject(kind);
    subject.add(5);
    subject.add(9);
    ByteBuf out = Unpooled.buffer();
    subject.type().writeSmall(Encoding.COMPACT, subject.root(), out);
    long used = slabs.usedBytes();
    for (int length = 0; length < out.readableBytes(); length++) {
      Slice cut = new Slice(out, 0, length);
      assertThrows(EngineException.class, () -> subject.type().loadSmall(Encoding.COMPACT, cut));
    }
    assertEquals(used, slabs.usedBytes());
    long empty = subject.type().createBig(Encoding.LARGE, 99);
    assertThrows(EngineException.class, () -> subject.type().loaded(Encoding.LARGE, empty));
    free(subject, Encoding.LARGE, empty);
    assertFalse(subject.expected().isEmpty());
    drop(subject);
  }
}
