package org.chronolith.engine.types;

import java.util.function.BooleanSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.EntryVisitor;
import org.chronolith.engine.structure.StoredBytes;

/**
 * What hashes, sets and sorted sets have in common for commands, as {@link TableType} has it for
 * the keyspace: small ones are a {@link CompactList}, beyond the limits they become an {@link
 * ElementTable}. Thread: the owner of the keyspace.
 */
public abstract class TableValue extends CollectionValue {
  private static final int BUCKETS_BETWEEN_LOOKS = 64;

  protected final CollectionLimits limits;
  protected final CompactList compact;
  protected final ElementTable table;
  protected final ElementScratch scratch = new ElementScratch();

  /** The element that is being shown or moved: its field or member. */
  protected final StoredBytes key;

  /** The element that is being shown or moved: a field's value, a member's score, or nothing. */
  protected final StoredBytes value;

  private final CollectionMemory memory;
  private final int stride;
  private final EntryVisitor shower = this::show;
  private ElementVisitor visitor;

  /**
   * @param type one of {@link org.chronolith.engine.keyspace.ValueType}
   * @param structures the type's; its stride is 1 or 2
   */
  protected TableValue(int type, CollectionMemory memory, TableType structures) {
    super(type);
    this.memory = memory;
    this.limits = memory.limits();
    this.compact = structures.compact();
    this.table = structures.table();
    this.stride = structures.stride();
    this.key = new StoredBytes(memory.slabs());
    this.value = new StoredBytes(memory.slabs());
  }

  @Override
  protected final long collectionId() {
    return table.collectionId(root);
  }

  @Override
  public final long size() {
    if (root == 0) {
      return 0;
    }
    return isLarge() ? table.size(root) : compactSize();
  }

  /** Elements of a small one. REQUIRES: the root is not 0. */
  protected final int compactSize() {
    int count = compact.count(root);
    return stride == 1 ? count : count >>> 1;
  }

  /** Place of a key in a small one, {@link CompactList#NONE} if it is not there. */
  protected final int findCompact(Slice name) {
    return root == 0 ? CompactList.NONE : compact.find(root, name, stride);
  }

  /** Makes a large one of a small one. REQUIRES: the change was announced. */
  protected final void convert() {
    long old = root;
    long large = table.create(memory.ids().getAsLong(), size() * 2);
    if (old != 0) {
      int position = compact.first(old);
      while (position != CompactList.NONE) {
        position = pointAt(position);
        scratch.clear();
        addTo(large);
      }
      memory.slabs().free(old);
    }
    root = large;
    encoding = Encoding.LARGE;
  }

  /** Adds {@link #key} and {@link #value} to a table that does not have the key. */
  protected abstract void addTo(long large);

  /** Shows all elements until the visitor, asked after each few of them, has seen enough. */
  public final void forEachUntil(ElementVisitor visitor, BooleanSupplier enough) {
    long cursor = 0;
    do {
      cursor = scan(cursor, BUCKETS_BETWEEN_LOOKS, visitor);
    } while (cursor != 0 && !enough.getAsBoolean());
  }

  /** Removes an element; false if there is none. An empty collection is the caller's to remove. */
  public final boolean remove(Slice name) {
    if (isLarge()) {
      long entry = table.find(root, name);
      if (entry == 0) {
        return false;
      }
      willChange();
      removing(entry);
      table.remove(root, entry);
      return true;
    }
    int position = findCompact(name);
    if (position == CompactList.NONE) {
      return false;
    }
    willChange();
    root = compact.remove(root, position, stride);
    return true;
  }

  /** An entry is about to leave the table. */
  protected void removing(long entry) {}

  /** Shows all elements, in the order of the table, which is none. */
  public final void forEach(ElementVisitor visitor) {
    long cursor = 0;
    do {
      cursor = scan(cursor, Integer.MAX_VALUE, visitor);
    } while (cursor != 0);
  }

  /**
   * Shows the elements of one step of an iteration and returns the next step's cursor; 0 begins and
   * ends. A small collection is one step, a large one's is {@code buckets} buckets of its table.
   */
  public final long scan(long cursor, int buckets, ElementVisitor visitor) {
    if (root == 0) {
      return 0;
    }
    if (isLarge()) {
      this.visitor = visitor;
      long next = table.scan(root, cursor, buckets, shower);
      this.visitor = null;
      return next;
    }
    int position = compact.first(root);
    while (position != CompactList.NONE) {
      position = pointAt(position);
      visitor.visit(key, value);
    }
    return 0;
  }

  private void show(long entry) {
    table.key(entry, key);
    table.value(entry, value);
    visitor.visit(key, value);
  }

  /** Points at an element of a small one; answers the place of the next. */
  private int pointAt(int position) {
    compact.element(root, position, key);
    int next = compact.next(root, position);
    if (stride == 1) {
      value.set(root, 0, 0);
      return next;
    }
    compact.element(root, next, value);
    return compact.next(root, next);
  }
}
