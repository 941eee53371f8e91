package org.chronolith.engine.keyspace;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.HashTable;

/**
 * Moves blocks out of sparse slabs, a slice at a time: a pass marks the slabs, walks all databases
 * and unmarks what could not be emptied. A BIG value of many blocks is compacted in steps of its
 * own after the bucket that holds its entry; it is found again by its key each time, and left for
 * the next pass if it was removed or renamed meanwhile.
 *
 * <p>Thread: the owner of the keyspace.
 */
final class Compaction {
  /** A slab that is fuller than this is not worth the copying. */
  private static final int MAX_FILL_PERCENT = 85;

  private static final int COMPACTED_AT_ONCE_BLOCKS = 1_000;

  private record BigKey(int database, byte[] key, long collectionId) {}

  private final Keyspace keyspace;
  private final SlabAllocator slabs;
  private final Entries entries;
  private final HashTable table;
  private final TypeSupport.Relocation relocation = new TypeSupport.Relocation();
  private final ArrayDeque<BigKey> bigKeys = new ArrayDeque<>();
  private final Slice keySlice = new Slice();
  private long elementCursor;
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
      } else if (!bigKeys.isEmpty()) {
        compactBigKey(budget - examined);
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
    bigKeys.clear();
    elementCursor = 0;
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
    TypeSupport type = keyspace.type(kind);
    int encoding = Entries.encoding(kind);
    ValueForm form = type.form(encoding);
    if (form == ValueForm.INLINE) {
      return moved;
    }
    entries.read(moved);
    int at = entries.valueAt;
    long root = slabs.getLong(moved, at);
    if (form == ValueForm.BIG && type.blocks(encoding, root) > COMPACTED_AT_ONCE_BLOCKS) {
      remember(moved, slabs.getLong(moved, at + Entries.BIG_ID));
      return moved;
    }
    relocation.root = root;
    long inside = 0;
    do {
      int budget = COMPACTED_AT_ONCE_BLOCKS;
      inside = type.compact(encoding, relocation.root, inside, budget, relocation);
      examined++;
    } while (inside != 0);
    slabs.putLong(moved, at, relocation.root);
    return moved;
  }

  private void remember(long entry, long collectionId) {
    ByteBuf key = Unpooled.buffer();
    entries.copyKey(entry, key);
    byte[] bytes = new byte[key.readableBytes()];
    key.readBytes(bytes);
    bigKeys.add(new BigKey(database, bytes, collectionId));
  }

  private void compactBigKey(int budget) {
    BigKey bigKey = bigKeys.peek();
    Space holder = keyspace.database(bigKey.database).space();
    keySlice.set(Unpooled.wrappedBuffer(bigKey.key), 0, bigKey.key.length);
    long entry = holder.find(keySlice, slabs.hash(keySlice));
    examined += Math.max(1, budget);
    if (entry == 0 || !isSame(entry, bigKey.collectionId)) {
      nextBigKey();
      return;
    }
    int kind = entries.kind(entry);
    int at = entries.valueAt;
    relocation.root = slabs.getLong(entry, at);
    elementCursor =
        keyspace
            .type(kind)
            .compact(
                Entries.encoding(kind),
                relocation.root,
                elementCursor,
                Math.max(1, budget),
                relocation);
    slabs.putLong(entry, at, relocation.root);
    if (elementCursor == 0) {
      nextBigKey();
    }
  }

  private boolean isSame(long entry, long collectionId) {
    if (!keyspace.isBig(entries.kind(entry))) {
      return false;
    }
    entries.read(entry);
    return slabs.getLong(entry, entries.valueAt + Entries.BIG_ID) == collectionId;
  }

  private void nextBigKey() {
    bigKeys.poll();
    elementCursor = 0;
  }
}
