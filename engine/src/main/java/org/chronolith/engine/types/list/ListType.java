package org.chronolith.engine.types.list;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ElementChanges;
import org.chronolith.engine.keyspace.TypeSupport;
import org.chronolith.engine.keyspace.ValueDigest;
import org.chronolith.engine.keyspace.ValueForm;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.BlockList;
import org.chronolith.engine.structure.BlockListener;
import org.chronolith.engine.structure.BlockWalk;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.Encoding;

/**
 * Lists for the keyspace. The elements that snapshots store are blocks, each under its order key,
 * written so that unsigned bytes sort as the keys do. Thread: the keyspace's owner.
 */
public final class ListType implements TypeSupport {
  /** Blocks looked at to tell the bytes of all. */
  private static final int BYTES_SAMPLES = 64;

  private final SlabAllocator slabs;
  private final CompactList compact;
  private final BlockList blocks;
  private final ElementChanges changes;
  private final StoredBytes element;
  private final ListValue values;

  public ListType(CollectionMemory memory) {
    this.slabs = memory.slabs();
    this.changes = memory.changes();
    this.compact = new CompactList(slabs, 0);
    this.blocks = new BlockList(slabs, memory.limits().listBlockBytes(), new Reporter());
    this.element = new StoredBytes(slabs);
    this.values = new ListValue(memory, this);
  }

  /** Compact lists of this keyspace's memory. */
  CompactList compact() {
    return compact;
  }

  /** Block lists of this keyspace's memory. */
  BlockList blocks() {
    return blocks;
  }

  private final class Reporter implements BlockListener {
    @Override
    public void changing(long root, long block) {
      writeIfDue(root, block);
      blocks.setMark(block, changes.current());
    }

    @Override
    public void added(long root, long block) {
      blocks.setMark(block, changes.current());
      long id = blocks.collectionId(root);
      if (changes.isReported(id)) {
        changes.beginAdded(id).writeLong(itemKey(blocks.orderKey(block)));
        changes.end();
      }
    }

    @Override
    public void removing(long root, long block) {
      writeIfDue(root, block);
      long id = blocks.collectionId(root);
      if (changes.isReported(id)) {
        changes.beginRemoved(id).writeLong(itemKey(blocks.orderKey(block)));
        changes.end();
      }
    }
  }

  private boolean writeIfDue(long root, long block) {
    if (!changes.isDue(blocks.mark(block))) {
      return false;
    }
    changes.beginPut(blocks.collectionId(root)).writeLong(itemKey(blocks.orderKey(block)));
    blocks.serialiseBlock(block, changes.beginValue());
    changes.end();
    return true;
  }

  /** Order keys are signed; with the sign turned their big-endian bytes sort as they do. */
  private static long itemKey(long orderKey) {
    return orderKey ^ Long.MIN_VALUE;
  }

  /** The value that commands turn to the list of a key; one at a time. */
  public ListValue value() {
    return values;
  }

  @Override
  public ValueForm form(int encoding) {
    return encoding == Encoding.LARGE ? ValueForm.BIG : ValueForm.SMALL;
  }

  @Override
  public void writeSmall(int encoding, long root, ByteBuf out) {
    compact.serialise(root, out);
  }

  @Override
  public long loadSmall(int encoding, Slice bytes) {
    ByteBuf in = bytes(bytes);
    long root = compact.load(in);
    if (root == 0) {
      throw corrupt("a list");
    }
    if (in.isReadable() || compact.count(root) == 0) {
      slabs.free(root);
      throw corrupt("a list's elements");
    }
    return root;
  }

  @Override
  public void freeSmall(int encoding, long root) {
    slabs.free(root);
  }

  @Override
  public long createBig(int encoding, long collectionId) {
    return blocks.create(collectionId);
  }

  @Override
  public long loadElement(int encoding, long root, Slice itemKey, Slice value) {
    if (itemKey.length() != Long.BYTES) {
      throw corrupt("a list block's key");
    }
    long orderKey = itemKey(itemKey.buffer().getLong(itemKey.offset()));
    if (!blocks.loadBlock(root, orderKey, changes.clean(), bytes(value))) {
      throw corrupt("a list block");
    }
    return root;
  }

  @Override
  public void loaded(int encoding, long root) {
    if (blocks.count(root) == 0) {
      throw corrupt("a list without elements");
    }
  }

  @Override
  public long walk(int encoding, long root, long collectionId, long cursor, int budget) {
    BlockWalk walk = blocks.snapshotWalk();
    long block = cursor == 0 ? blocks.head(root) : walk.seek(root, orderKeyOf(cursor));
    for (int seen = 0; seen < budget && block != 0; seen++) {
      if (writeIfDue(root, block)) {
        blocks.setMark(block, changes.clean());
      }
      block = walk.next(root, block);
    }
    return block == 0 ? 0 : cursorOf(blocks.orderKey(block));
  }

  /** Cursors are never 0, which order keys may be. */
  private static long cursorOf(long orderKey) {
    return orderKey >= 0 ? orderKey + 1 : orderKey;
  }

  private static long orderKeyOf(long cursor) {
    return cursor > 0 ? cursor - 1 : cursor;
  }

  @Override
  public long freeBig(int encoding, long root, int budget) {
    return blocks.free(root, budget);
  }

  @Override
  public long blocks(int encoding, long root) {
    return encoding == Encoding.LARGE ? blocks.blocks(root) : 1;
  }

  @Override
  public long bytes(int encoding, long root) {
    if (encoding != Encoding.LARGE) {
      return slabs.capacity(root);
    }
    long sampled = 0;
    long bytes = 0;
    long block = blocks.head(root);
    for (; block != 0 && sampled < BYTES_SAMPLES; block = blocks.nextBlock(block)) {
      bytes += slabs.capacity(block);
      sampled++;
    }
    return slabs.capacity(root) + bytes * blocks.blocks(root) / Math.max(1, sampled);
  }

  @Override
  public long exactBytes(int encoding, long root, long upTo) {
    long bytes = slabs.capacity(root);
    if (encoding != Encoding.LARGE) {
      return bytes;
    }
    long block = blocks.head(root);
    for (; block != 0 && bytes < upTo; block = blocks.nextBlock(block)) {
      bytes += slabs.capacity(block);
    }
    return bytes;
  }

  @Override
  public long copy(int encoding, long root, long collectionId) {
    return encoding == Encoding.LARGE
        ? blocks.copy(root, collectionId, changes.current())
        : compact.copy(root);
  }

  @Override
  public long compact(int encoding, long root, long cursor, int budget, Relocation relocation) {
    if (encoding == Encoding.COMPACT) {
      relocation.root = slabs.relocate(root);
      return 0;
    }
    long list = blocks.relocateRoot(root);
    relocation.root = list;
    BlockWalk walk = blocks.compactionWalk();
    long block = cursor == 0 ? blocks.head(list) : walk.seek(list, orderKeyOf(cursor));
    for (int seen = 0; seen < budget && block != 0; seen++) {
      block = walk.next(list, blocks.relocate(list, block));
    }
    return block == 0 ? 0 : cursorOf(blocks.orderKey(block));
  }

  @Override
  public void digest(int encoding, long root, ValueDigest digest) {
    values.open(encoding, root);
    for (boolean there = values.seek(0); there; there = values.next()) {
      values.element(element);
      element.copyTo(digest.scratch());
      digest.mix();
    }
  }

  private static EngineException corrupt(String what) {
    return new EngineException(
        EngineException.Severity.CORRUPTION, "the snapshot holds " + what + " that cannot be read");
  }

  private static ByteBuf bytes(Slice slice) {
    return slice.length() == 0
        ? Unpooled.EMPTY_BUFFER
        : slice.buffer().slice(slice.offset(), slice.length());
  }
}
