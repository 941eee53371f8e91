package org.chronolith.engine.types;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.keyspace.ValueForm;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.EntryVisitor;

/**
 * What hashes, sets and sorted sets have in common for the keyspace: a compact list, or an {@link
 * ElementTable}.
 */
public abstract class TableType implements TypeSupport {
  /** Elements looked at to tell the bytes of all. */
  private static final int BYTES_SAMPLES = 64;

  private static final int BUCKET_BYTES = 8;

  protected final SlabAllocator slabs;
  protected final CompactList compact;
  protected final ElementTable table;
  private final int stride;
  private final EntryVisitor copier = this::copyEntry;
  private final EntryVisitor sampler = this::sample;
  private long copyTarget;
  private long sampledEntries;
  private long sampledBytes;

  /**
   * @param stride elements of the compact list that make one of the collection
   */
  protected TableType(CollectionMemory memory, int stride) {
    this.slabs = memory.slabs();
    this.compact = new CompactList(slabs, 0);
    this.table = new ElementTable(slabs, memory.changes());
    this.stride = stride;
  }

  /** Compact lists of this keyspace's memory. */
  public final CompactList compact() {
    return compact;
  }

  /** Tables of this keyspace's memory. */
  public final ElementTable table() {
    return table;
  }

  /** Elements of the compact list that make one of the collection. */
  final int stride() {
    return stride;
  }

  @Override
  public final ValueForm form(int encoding) {
    return encoding == Encoding.LARGE ? ValueForm.BIG : ValueForm.SMALL;
  }

  @Override
  public final void writeSmall(int encoding, long root, ByteBuf out) {
    compact.serialise(root, out);
  }

  @Override
  public final long loadSmall(int encoding, Slice bytes) {
    ByteBuf in = bytes(bytes);
    long root = compact.load(in);
    if (root == 0) {
      throw corrupt("a compact list");
    }
    if (in.isReadable() || compact.count(root) == 0 || compact.count(root) % stride != 0) {
      slabs.free(root);
      throw corrupt("a compact list's elements");
    }
    return root;
  }

  @Override
  public final void freeSmall(int encoding, long root) {
    slabs.free(root);
  }

  @Override
  public final long createBig(int encoding, long collectionId) {
    return table.create(collectionId, 0);
  }

  @Override
  public long loadElement(int encoding, long root, Slice itemKey, Slice value) {
    table.load(root, itemKey, value);
    return root;
  }

  @Override
  public final void loaded(int encoding, long root) {
    if (table.size(root) == 0) {
      throw corrupt("a collection without elements");
    }
  }

  @Override
  public final long walk(int encoding, long root, long collectionId, long cursor, int budget) {
    return table.walk(root, cursor, budget);
  }

  @Override
  public long freeBig(int encoding, long root, int budget) {
    return table.drain(root, budget) ? 0 : root;
  }

  @Override
  public long blocks(int encoding, long root) {
    return encoding == Encoding.LARGE ? table.size(root) : 1;
  }

  @Override
  public long bytes(int encoding, long root) {
    if (encoding == Encoding.COMPACT) {
      return slabs.capacity(root);
    }
    sample(root, BYTES_SAMPLES, Long.MAX_VALUE);
    long size = table.size(root);
    // A bucket, sometimes two, for each entry.
    return sampledBytes * size / Math.max(1, sampledEntries) + size * BUCKET_BYTES;
  }

  @Override
  public long exactBytes(int encoding, long root, long upTo) {
    if (encoding == Encoding.COMPACT) {
      return slabs.capacity(root);
    }
    long buckets = table.size(root) * BUCKET_BYTES;
    sample(root, Long.MAX_VALUE, upTo - buckets);
    return sampledBytes + buckets;
  }

  private void sample(long root, long entries, long bytes) {
    sampledEntries = 0;
    sampledBytes = 0;
    long cursor = 0;
    do {
      cursor = table.scan(root, cursor, 1, sampler);
    } while (cursor != 0 && sampledEntries < entries && sampledBytes < bytes);
  }

  private void sample(long entry) {
    sampledEntries++;
    sampledBytes += slabs.capacity(entry) + table.chainedBytes(entry);
  }

  @Override
  public long copy(int encoding, long root, long collectionId) {
    if (encoding == Encoding.COMPACT) {
      return compact.copy(root);
    }
    copyTarget = table.create(collectionId, table.size(root));
    scanAll(root, copier);
    return copyTarget;
  }

  private void copyEntry(long entry) {
    table.addCopy(copyTarget, entry);
  }

  /** Shows all entries of a table. */
  protected final void scanAll(long root, EntryVisitor visitor) {
    table.scan(root, 0, Integer.MAX_VALUE, visitor);
  }

  @Override
  public long compact(int encoding, long root, long cursor, int budget, Relocation relocation) {
    if (encoding == Encoding.COMPACT) {
      relocation.root = slabs.relocate(root);
      return 0;
    }
    relocation.root = table.relocateHeader(root);
    return table.compact(relocation.root, cursor, budget, (entry, now) -> {});
  }

  protected static EngineException corrupt(String what) {
    return new EngineException(
        EngineException.Severity.CORRUPTION, "the snapshot holds " + what + " that cannot be read");
  }

  /** A read-only look at the bytes of a slice, for loading. */
  protected static ByteBuf bytes(Slice slice) {
    return slice.length() == 0
        ? Unpooled.EMPTY_BUFFER
        : slice.buffer().slice(slice.offset(), slice.length());
  }
}
