package org.chronolith.engine.types.set;

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
 * A way to look at one set at a time: {@link #open} it, work, and store {@link #value()} again if
 * it was changed. Small sets are a {@link CompactList} of members; beyond the limits they become an
 * {@link ElementTable}. Thread: the owner of the keyspace.
 */
public final class SetValue extends CollectionValue {
  private final CollectionMemory memory;
  private final CollectionLimits limits;
  private final CompactList compact;
  private final ElementTable table;
  private final StoredBytes member;
  private final StoredBytes nothing;
  private final ElementScratch scratch = new ElementScratch();
  private final EntryVisitor shower = this::show;

  private ElementVisitor visitor;

  public SetValue(CollectionMemory memory, SetType type) {
    super(ValueType.SET);
    this.memory = memory;
    this.limits = memory.limits();
    this.compact = type.compact();
    this.table = type.table();
    this.member = new StoredBytes(memory.slabs());
    this.nothing = new StoredBytes(memory.slabs());
  }

  /** Turns to a set that no key is known of; root 0 is an empty one. */
  public SetValue open(int encoding, long root) {
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
    return isLarge() ? table.size(root) : compact.count(root);
  }

  /** Adds a member; false if it is there already. */
  public boolean add(Slice name) {
    if (contains(name)) {
      return false;
    }
    willChange();
    if (!isLarge() && !staysCompact(name)) {
      convert();
    }
    if (isLarge()) {
      table.add(root, name, null);
      return true;
    }
    if (root == 0) {
      root = compact.create(CompactList.elementBytes(name.length()));
    }
    root = compact.insert(root, compact.end(root), name);
    return true;
  }

  private boolean staysCompact(Slice name) {
    if (name.length() > limits.setMaxValueBytes()) {
      return false;
    }
    if (root == 0) {
      return limits.setMaxEntries() > 0;
    }
    return compact.count(root) < limits.setMaxEntries()
        && compact.fits(root, CompactList.elementBytes(name.length()));
  }

  private void convert() {
    long old = root;
    long large = table.create(memory.ids().getAsLong(), size() * 2);
    if (old != 0) {
      int position = compact.first(old);
      while (position != CompactList.NONE) {
        compact.element(old, position, member);
        position = compact.next(old, position);
        table.add(large, scratch.clear().first(member), null);
      }
      memory.slabs().free(old);
    }
    root = large;
    encoding = Encoding.LARGE;
  }

  public boolean contains(Slice name) {
    if (root == 0) {
      return false;
    }
    return isLarge()
        ? table.find(root, name) != 0
        : compact.find(root, name, 1) != CompactList.NONE;
  }

  /** Removes a member; false if there is none. A set without members is the caller's to remove. */
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
    int position = compact.find(root, name, 1);
    if (position == CompactList.NONE) {
      return false;
    }
    willChange();
    root = compact.remove(root, position, 1);
    return true;
  }

  /** Shows all members; there are no values. */
  public void forEach(ElementVisitor visitor) {
    long cursor = 0;
    do {
      cursor = scan(cursor, Integer.MAX_VALUE, visitor);
    } while (cursor != 0);
  }

  /**
   * Shows the members of one step of an iteration and returns the next step's cursor; 0 begins and
   * ends. A small set is one step, a large one's is {@code buckets} buckets of its table.
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
      compact.element(root, position, member);
      position = compact.next(root, position);
      nothing.set(root, 0, 0);
      visitor.visit(member, nothing);
    }
    return 0;
  }

  private void show(long entry) {
    table.key(entry, member);
    table.value(entry, nothing);
    visitor.visit(member, nothing);
  }

  /** Points at a random member. REQUIRES: the set is not empty. */
  public void random(RandomGenerator random, StoredBytes out) {
    if (isLarge()) {
      table.key(table.random(root, random), out);
    } else {
      compact.element(root, compact.at(root, random.nextInt(compact.count(root))), out);
    }
  }
}
