package org.chronolith.engine.types.hash;

import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.EntryVisitor;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.CollectionValue;
import org.chronolith.engine.types.ElementScratch;
import org.chronolith.engine.types.ElementTable;
import org.chronolith.engine.types.ElementVisitor;
import org.chronolith.engine.types.Encoding;

/**
 * A way to look at one hash at a time: {@link #open} it, work, and store {@link #value()} again if
 * it was changed. Small hashes are a {@link CompactList} of fields and values; beyond the limits
 * they become an {@link ElementTable}. Thread: the owner of the keyspace.
 */
public final class HashValue extends CollectionValue {
  private final CollectionMemory memory;
  private final CollectionLimits limits;
  private final CompactList compact;
  private final ElementTable table;
  private final StoredBytes field;
  private final StoredBytes found;
  private final ElementScratch scratch = new ElementScratch();
  private final EntryVisitor shower = this::show;

  private ElementVisitor visitor;

  public HashValue(CollectionMemory memory, HashType type) {
    super(ValueType.HASH);
    this.memory = memory;
    this.limits = memory.limits();
    this.compact = type.compact();
    this.table = type.table();
    this.field = new StoredBytes(memory.slabs());
    this.found = new StoredBytes(memory.slabs());
  }

  /** Turns to a hash that no key is known of; root 0 is an empty one. */
  public HashValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
  }

  @Override
  protected long collectionId() {
    return table.collectionId(root);
  }

  @Override
  public long size() {
    if (root == 0) {
      return 0;
    }
    return isLarge() ? table.size(root) : compact.count(root) >>> 1;
  }

  /** Sets a field; true if it is new. */
  public boolean set(Slice name, Slice newValue) {
    willChange();
    if (!isLarge() && !staysCompact(name, newValue)) {
      convert();
    }
    if (isLarge()) {
      long entry = table.find(root, name);
      if (entry != 0) {
        table.setValue(root, entry, newValue);
        return false;
      }
      table.add(root, name, newValue);
      return true;
    }
    int position = root == 0 ? CompactList.NONE : compact.find(root, name, 2);
    if (position != CompactList.NONE) {
      root = compact.replace(root, compact.next(root, position), newValue);
      return false;
    }
    if (root == 0) {
      root = compact.create(pairBytes(name, newValue));
    }
    root = compact.insert(root, compact.end(root), name);
    root = compact.insert(root, compact.end(root), newValue);
    return true;
  }

  private boolean staysCompact(Slice name, Slice newValue) {
    if (name.length() > limits.hashMaxValueBytes()
        || newValue.length() > limits.hashMaxValueBytes()) {
      return false;
    }
    if (root == 0) {
      return limits.hashMaxEntries() > 0;
    }
    // The count is checked even if the field turns out to exist: then the hash is at its limit.
    if (compact.count(root) >>> 1 >= limits.hashMaxEntries()
        && compact.find(root, name, 2) == CompactList.NONE) {
      return false;
    }
    return compact.fits(root, pairBytes(name, newValue));
  }

  private static int pairBytes(Slice name, Slice newValue) {
    return CompactList.elementBytes(name.length()) + CompactList.elementBytes(newValue.length());
  }

  private void convert() {
    long old = root;
    long large = table.create(memory.ids().getAsLong(), size() * 2);
    if (old != 0) {
      int position = compact.first(old);
      while (position != CompactList.NONE) {
        compact.element(old, position, field);
        position = compact.next(old, position);
        compact.element(old, position, found);
        position = compact.next(old, position);
        scratch.clear();
        table.add(large, scratch.first(field), scratch.second(found));
      }
      memory.slabs().free(old);
    }
    root = large;
    encoding = Encoding.LARGE;
  }

  /** Points {@code out} at a field's value; false if there is no such field. */
  public boolean get(Slice name, StoredBytes out) {
    if (root == 0) {
      return false;
    }
    if (isLarge()) {
      long entry = table.find(root, name);
      if (entry == 0) {
        return false;
      }
      table.value(entry, out);
      return true;
    }
    int position = compact.find(root, name, 2);
    if (position == CompactList.NONE) {
      return false;
    }
    compact.element(root, compact.next(root, position), out);
    return true;
  }

  public boolean contains(Slice name) {
    return get(name, found);
  }

  /** Removes a field; false if there is none. A hash without fields is the caller's to remove. */
  public boolean remove(Slice name) {
    if (root == 0) {
      return false;
    }
    if (isLarge()) {
      long entry = table.find(root, name);
      if (entry == 0) {
        return false;
      }
      willChange();
      table.remove(root, entry);
      return true;
    }
    int position = compact.find(root, name, 2);
    if (position == CompactList.NONE) {
      return false;
    }
    willChange();
    root = compact.remove(root, position, 2);
    return true;
  }

  /** Shows all fields. */
  public void forEach(ElementVisitor visitor) {
    long cursor = 0;
    do {
      cursor = scan(cursor, Integer.MAX_VALUE, visitor);
    } while (cursor != 0);
  }

  /**
   * Shows the fields of one step of an iteration and returns the next step's cursor; 0 begins and
   * ends. A small hash is one step, a large one's is {@code buckets} buckets of its table.
   */
  public long scan(long cursor, int buckets, ElementVisitor visitor) {
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
      compact.element(root, position, field);
      position = compact.next(root, position);
      compact.element(root, position, found);
      position = compact.next(root, position);
      visitor.visit(field, found);
    }
    return 0;
  }

  private void show(long entry) {
    table.key(entry, field);
    table.value(entry, found);
    visitor.visit(field, found);
  }

  /** Points at a random field and its value. REQUIRES: the hash is not empty. */
  public void random(RandomGenerator random, StoredBytes name, StoredBytes out) {
    if (isLarge()) {
      long entry = table.random(root, random);
      table.key(entry, name);
      table.value(entry, out);
      return;
    }
    int position = compact.at(root, random.nextInt(compact.count(root) >>> 1) << 1);
    compact.element(root, position, name);
    compact.element(root, compact.next(root, position), out);
  }
}
