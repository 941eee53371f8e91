package org.chronolith.engine.types.hash;

import org.chronolith.engine.keyspace.ValueDigest;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.TableType;

/** Hashes for the keyspace. Thread: its owner. */
public final class HashType extends TableType {
  private final HashValue values;

  public HashType(CollectionMemory memory) {
    super(memory, 2);
    this.values = new HashValue(memory, this);
  }

  /** The value that commands turn to the hash of a key; one at a time. */
  public HashValue value() {
    return values;
  }

  @Override
  public void digest(int encoding, long root, ValueDigest digest) {
    values
        .open(encoding, root)
        .forEach(
            (field, value) -> {
              digest.beginElement();
              field.copyTo(digest.scratch());
              digest.mixElement();
              value.copyTo(digest.scratch());
              digest.mixElement();
              digest.endElement();
            });
  }
}
