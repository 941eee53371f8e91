package org.chronolith.server;

import java.util.function.Supplier;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.server.info.KeyspaceFigures;

/** The figures of the keyspace that is served at the moment. Thread: engine. */
final class DatasetFigures implements KeyspaceFigures {

  private final Supplier<Keyspace> keyspace;

  DatasetFigures(Supplier<Keyspace> keyspace) {
    this.keyspace = keyspace;
  }

  @Override
  public long usedMemoryBytes() {
    return keyspace.get().usedMemoryBytes();
  }

  @Override
  public long reservedMemoryBytes() {
    return keyspace.get().slabs().reservedBytes();
  }

  @Override
  public int databases() {
    return keyspace.get().databases();
  }

  @Override
  public long keys(int db) {
    return keyspace.get().database(db).size();
  }

  @Override
  public long keysExpiring(int db) {
    return keyspace.get().database(db).expiring();
  }

  @Override
  public long averageTtlMs(int db) {
    // Nobody samples it: 0, which is what Redis says before its first sample.
    return 0;
  }
}
