package org.chronolith.engine.types.hash;

import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.TableValue;

/**
 * A way to look at one hash at a time: {@link #find} it, work, and {@link #store} it. Small hashes
 * are a {@link CompactList} of fields and values; beyond the limits they become a table. Thread:
 * the owner of the keyspace.
 */
public final class HashValue extends TableValue {
  public HashValue(CollectionMemory memory, HashType type) {
    super(ValueType.HASH, memory, type);
  }

  /** Turns to a hash that no key is known of; root 0 is an empty one. */
  public HashValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
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
    int position = findCompact(name);
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
    if (compactSize() >= limits.hashMaxEntries() && findCompact(name) == CompactList.NONE) {
      return false;
    }
    return compact.fits(root, pairBytes(name, newValue));
  }

  private static int pairBytes(Slice name, Slice newValue) {
    return CompactList.elementBytes(name.length()) + CompactList.elementBytes(newValue.length());
  }

  @Override
  protected void addTo(long large) {
    table.add(large, scratch.first(key), scratch.second(value));
  }

  /** Points {@code out} at a field's value; false if there is no such field. */
  public boolean get(Slice name, StoredBytes out) {
    if (isLarge()) {
      long entry = table.find(root, name);
      if (entry == 0) {
        return false;
      }
      table.value(entry, out);
      return true;
    }
    int position = findCompact(name);
    if (position == CompactList.NONE) {
      return false;
    }
    compact.element(root, compact.next(root, position), out);
    return true;
  }

  public boolean contains(Slice name) {
    return get(name, value);
  }

  /** Points at a random field and its value. REQUIRES: the hash is not empty. */
  public void random(RandomGenerator random, StoredBytes name, StoredBytes out) {
    if (isLarge()) {
      long entry = table.random(root, random);
      table.key(entry, name);
      table.value(entry, out);
      return;
    }
    int position = compact.at(root, random.nextInt(compactSize()) << 1);
    compact.element(root, position, name);
    compact.element(root, compact.next(root, position), out);
  }
}
