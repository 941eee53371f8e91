package org.chronolith.engine.types;

import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.hash.HashType;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.engine.types.list.ListType;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.engine.types.set.SetAlgebra;
import org.chronolith.engine.types.set.SetType;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.engine.types.zset.ZsetAlgebra;
import org.chronolith.engine.types.zset.ZsetType;
import org.chronolith.engine.types.zset.ZsetValue;

/**
 * The types made of elements, joined to one keyspace. The values handed out are reused: a command
 * turns one to a key with {@link CollectionValue#find}, works, and calls {@link
 * CollectionValue#store}. Thread: the owner of the keyspace.
 */
public final class CollectionTypes {
  private final HashType hash;
  private final ListType list;
  private final SetType set;
  private final ZsetType zset;
  private final ZsetValue madeZset;
  private final Operands operands;
  private final SetAlgebra setAlgebra;
  private final ZsetAlgebra zsetAlgebra;
  private final StoredBytes element;
  private final StoredBytes value;
  private final ElementScratch scratch = new ElementScratch();

  /** Joins the types. REQUIRES: the keyspace is empty. */
  public CollectionTypes(Keyspace keyspace, CollectionLimits limits) {
    CollectionMemory memory =
        new CollectionMemory(
            keyspace.slabs(), limits, keyspace::newCollectionId, keyspace.elementChanges());
    element = new StoredBytes(keyspace.slabs());
    value = new StoredBytes(keyspace.slabs());
    hash = new HashType(memory);
    list = new ListType(memory);
    set = new SetType(memory);
    zset = new ZsetType(memory);
    madeZset = new ZsetValue(memory, zset);
    operands = new Operands(memory, set, zset);
    setAlgebra = new SetAlgebra(memory, set);
    zsetAlgebra = new ZsetAlgebra(memory, zset);
    keyspace.register(ValueType.HASH, hash);
    keyspace.register(ValueType.LIST, list);
    keyspace.register(ValueType.SET, set);
    keyspace.register(ValueType.ZSET, zset);
  }

  /** For a command to point at an element. */
  public StoredBytes element() {
    return element;
  }

  /** For a command to point at a value beside {@link #element}. */
  public StoredBytes value() {
    return value;
  }

  /** For a command to take elements out that it then removes or reads as numbers. */
  public ElementScratch scratch() {
    return scratch;
  }

  public HashValue hashes() {
    return hash.value();
  }

  public ListValue lists() {
    return list.value();
  }

  public SetValue sets() {
    return set.value();
  }

  public ZsetValue zsets() {
    return zset.value();
  }

  /**
   * An empty sorted set that no key is known of, for a command to make one beside {@link #zsets}.
   */
  public ZsetValue newZset() {
    return madeZset.open(Encoding.COMPACT, 0);
  }

  /** For a command that works on several sets or sorted sets together. */
  public Operands operands() {
    return operands;
  }

  public SetAlgebra setAlgebra() {
    return setAlgebra;
  }

  public ZsetAlgebra zsetAlgebra() {
    return zsetAlgebra;
  }
}
