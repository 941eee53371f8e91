package org.chronolith.engine.keyspace;

import java.util.ArrayDeque;
import java.util.Iterator;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.HashTable;

/**
 * What was detached from the keyspace and is freed in slices: big values, the spaces of flushed
 * databases, tombstones that a full snapshot made superfluous. Redis's lazy freeing, but on the
 * thread of the owner of the keyspace.
 */
final class LazyFree {
  private static final long FREED_AT_ONCE_BLOCKS = 64;

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;
  private final ArrayDeque<Detached> values = new ArrayDeque<>();
  private final ArrayDeque<Space> spaces = new ArrayDeque<>();
  private final ArrayDeque<Long> tombstones = new ArrayDeque<>();

  LazyFree(Keyspace keyspace) {
    this.keyspace = keyspace;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
    this.table = keyspace.table();
  }

  /** What hangs on the entry is not needed by it any more. REQUIRES: it was about to change. */
  void discard(long entry) {
    int kind = entries.kind(entry);
    if ((kind & 0x1F) == 0) {
      return;
    }
    switch (keyspace.form(kind)) {
      case SMALL -> {
        entries.read(entry);
        keyspace
            .type(kind)
            .freeSmall(Entries.encoding(kind), slabs.getLong(entry, entries.valueAt));
      }
      case BIG -> {
        entries.read(entry);
        long root = slabs.getLong(entry, entries.valueAt);
        long id = slabs.getLong(entry, entries.valueAt + Entries.BIG_ID);
        byte first = slabs.getByte(entry, entries.valueAt + Entries.BIG_FIRST);
        keyspace.changes().buryCollection(id);
        Detached value = new Detached(kind & 0x1F, root, id);
        Snapshot walk = keyspace.walk();
        if (walk == null || !walk.takesDetached(value, first)) {
          add(value);
        }
      }
      default -> {}
    }
  }

  /** Frees an entry that is out of its table, and what hangs on it. */
  void freeEntry(long entry) {
    discard(entry);
    entries.free(entry);
  }

  /** Frees a value: a small one at once, others later. */
  void add(Detached value) {
    TypeSupport type = keyspace.type(value.kind());
    int encoding = Entries.encoding(value.kind());
    if (type.blocks(encoding, value.root()) > FREED_AT_ONCE_BLOCKS) {
      values.add(value);
      return;
    }
    long left = value.root();
    while (left != 0) {
      left = type.freeBig(encoding, left, Integer.MAX_VALUE);
    }
  }

  /** Frees values later that a snapshot kept for itself; the queue is empty then. */
  void addAll(ArrayDeque<Detached> detached) {
    values.addAll(detached);
    detached.clear();
  }

  /** Frees a space with its entries later, when no snapshot needs it any more. */
  void add(Space space) {
    spaces.add(space);
  }

  /** Frees a detached set of tombstones later. */
  void addTombstones(long detached) {
    tombstones.add(detached);
  }

  /** Frees about {@code budget} blocks; true if more may wait. */
  boolean step(int budget) {
    if (!values.isEmpty()) {
      Detached value = values.poll();
      TypeSupport type = keyspace.type(value.kind());
      long left = type.freeBig(Entries.encoding(value.kind()), value.root(), budget);
      if (left != 0) {
        values.addFirst(new Detached(value.kind(), left, value.collectionId()));
      }
      return true;
    }
    if (!tombstones.isEmpty()) {
      if (keyspace.tombstones().free(tombstones.peek(), budget)) {
        tombstones.poll();
      }
      return true;
    }
    Snapshot walk = keyspace.walk();
    for (Iterator<Space> it = spaces.iterator(); it.hasNext(); ) {
      Space space = it.next();
      if (walk == null || !walk.needs(space)) {
        if (table.drain(space.index, budget, this::freeEntry)) {
          it.remove();
        }
        return true;
      }
    }
    return false;
  }
}
