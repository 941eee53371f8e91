package org.chronolith.engine.types.set;

import org.chronolith.engine.keyspace.ValueDigest;
import org.chronolith.engine.types.CollectionMemory;
import org.chronolith.engine.types.TableType;

/** Sets for the keyspace. Thread: its owner. */
public final class SetType extends TableType {
  private final SetValue values;

  public SetType(CollectionMemory memory) {
    super(memory, 1);
    this.values = new SetValue(memory, this);
  }

  /** The value that commands turn to the set of a key; one at a time. */
  public SetValue value() {
    return values;
  }

  @Override
  public void digest(int encoding, long root, ValueDigest digest) {
    values
        .open(encoding, root)
        .forEach(
            (member, nothing) -> {
              member.copyTo(digest.scratch());
              digest.xor();
            });
  }
}
