package org.chronolith.engine.keyspace;

import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.HashTable;

/**
 * Moves blocks out of sparse slabs, a slice at a time: a pass marks the slabs, walks all databases
 * and unmarks what could not be emptied. A BIG value is compacted as a whole when its entry is met,
 * in steps; between two steps nothing of it may have stayed, so its cursor is followed by key.
 *
 * <p>Thread: the owner of the keyspace.
 */
final class Compaction {
  /** A slab that is fuller than this is not worth the copying. */
  private static final int MAX_FILL_PERCENT = 85;

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;
  private final TypeSupport.Relocation relocation = new TypeSupport.Relocation();
  private boolean passing;
  private int database;
  private long cursor;
  private boolean tombstonesDone;
  private int examined;
  private Space space;

  Compaction(Keyspace keyspace) {
    this.keyspace = keyspace;
    this.slabs = keyspace.slabs();
    this.entries = keyspace.entries();
    this.table = keyspace.table();
  }

  boolean step(int budget) {
    if (!passing && !start()) {
      return false;
    }
    examined = 0;
    while (examined < budget && passing) {
      if (slabs.sparseSlabs() == 0) {
        end();
      } else if (database < keyspace.databases()) {
        walkBucket();
      } else if (!tombstonesDone) {
        examined++;
        cursor = keyspace.tombstones().compact(cursor);
        tombstonesDone = cursor == 0;
      } else {
        end();
      }
    }
    return passing;
  }

  private boolean start() {
    long slack = slabs.reservedBytes() - slabs.usedBytes();
    if (slack * 8 < slabs.reservedBytes() || slabs.markSparse(MAX_FILL_PERCENT) == 0) {
      return false;
    }
    passing = true;
    database = 0;
    cursor = 0;
    tombstonesDone = false;
    return true;
  }

  private void end() {
    passing = false;
    slabs.unmarkSparse();
  }

  private void walkBucket() {
    space = keyspace.database(database).space();
    examined++;
    if (cursor == 0) {
      space.index = slabs.relocate(space.index);
      space.expiries.compact();
    }
    cursor = table.compact(space.index, cursor, this::relocate);
    if (cursor == 0) {
      database++;
    }
  }

  private long relocate(long entry) {
    examined++;
    long moved = slabs.relocate(entry);
    int kind = entries.kind(moved);
    entries.relocateKey(moved);
    if (moved != entry && (kind & Entries.EXPIRES) != 0) {
      space.expiries.moved(moved);
    }
    if (keyspace.form(kind) != ValueForm.INLINE) {
      entries.read(moved);
      int at = entries.valueAt;
      relocation.root = slabs.getLong(moved, at);
      long inside = 0;
      do {
        inside =
            keyspace
                .type(kind)
                .compact(Entries.encoding(kind), relocation.root, inside, 1000, relocation);
        examined++;
      } while (inside != 0);
      slabs.putLong(moved, at, relocation.root);
    }
    return moved;
  }
}
