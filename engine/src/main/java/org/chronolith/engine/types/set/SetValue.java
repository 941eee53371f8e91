package org.chronolith.engine.types.set;

import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.TableValue;

/**
 * A way to look at one set at a time: {@link #find} it, work, and {@link #store} it. Small sets are
 * a {@link CompactList} of members; beyond the limits they become a table. Thread: the owner of the
 * keyspace.
 */
public final class SetValue extends TableValue {
  public SetValue(CollectionMemory memory, SetType type) {
    super(ValueType.SET, memory, type);
  }

  /** Turns to a set that no key is known of; root 0 is an empty one. */
  public SetValue open(int encoding, long root) {
    turnTo(encoding, root);
    return this;
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
    return compactSize() < limits.setMaxEntries()
        && compact.fits(root, CompactList.elementBytes(name.length()));
  }

  @Override
  protected void addTo(long large) {
    table.add(large, scratch.first(key), null);
  }

  public boolean contains(Slice name) {
    return isLarge() ? table.find(root, name) != 0 : findCompact(name) != CompactList.NONE;
  }

  /** Points at a random member. REQUIRES: the set is not empty. */
  public void random(RandomGenerator random, StoredBytes out) {
    if (isLarge()) {
      table.key(table.random(root, random), out);
    } else {
      compact.element(root, compact.at(root, random.nextInt(compactSize())), out);
    }
  }
}
