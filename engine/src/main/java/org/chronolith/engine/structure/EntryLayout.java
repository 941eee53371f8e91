package org.chronolith.engine.structure;

import org.chronolith.engine.Slice;

/**
 * Where the key of a hash table's entry is. An entry is a block whose first eight bytes are the
 * table's {@code next}; the rest belongs to the layout.
 */
public interface EntryLayout {
  /** Whether the entry's key has these bytes. */
  boolean keyEquals(long entry, Slice key);

  /** The hash of the entry's key: the same function as that of the hashes given to the table. */
  long hash(long entry);
}
