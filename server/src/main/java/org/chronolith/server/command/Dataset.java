package org.chronolith.server.command;

import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hyperloglog.HyperLogLog;
import org.chronolith.engine.types.string.Strings;

/**
 * A keyspace together with its value types. A full sync builds a second one beside the live one;
 * commands reach both in the same way.
 *
 * <p>Thread: the owner of the keyspace.
 */
public final class Dataset implements AutoCloseable {
  private final Keyspace keyspace;
  private final Strings strings;
  private final CollectionTypes collections;
  private final HyperLogLog hyperLogLog = new HyperLogLog();

  /** An empty data set, owned by the calling thread. */
  public Dataset(KeyspaceConfig config, CollectionLimits limits, SlabSource source) {
    keyspace = new Keyspace(config, source);
    strings = new Strings(keyspace);
    collections = new CollectionTypes(keyspace, limits);
  }

  public Keyspace keyspace() {
    return keyspace;
  }

  public Strings strings() {
    return strings;
  }

  /** Hashes, lists, sets and sorted sets. */
  public CollectionTypes collections() {
    return collections;
  }

  /** For a command to work on a string that is one. */
  public HyperLogLog hyperLogLog() {
    return hyperLogLog;
  }

  @Override
  public void close() {
    keyspace.close();
  }
}
