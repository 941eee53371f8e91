package org.chronolith.server;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.engine.keyspace.KeyspaceConfig;
import org.chronolith.engine.memory.SlabSource;
import org.chronolith.engine.rdb.RdbWriter;
import org.chronolith.engine.types.CollectionLimits;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.Dataset;
import org.chronolith.server.config.MemoryDirectives;
import org.chronolith.server.recovery.FullSyncTarget;

/**
 * A data set without a server around it, for tools: filled from a checkpoint and a log by the same
 * commands, in the same way, as by a start.
 *
 * <p>Thread: the one that made it.
 */
public final class OfflineDataset implements AutoCloseable {
  private final SlabSource slabs = SlabSource.inline();
  private final Dataset dataset;
  private final FullSyncTarget target;

  public OfflineDataset(int databases) {
    dataset =
        new Dataset(
            KeyspaceConfig.of(
                databases, DirectMemory.limitBytes(), RandomGenerator.getDefault().nextLong()),
            CollectionLimits.DEFAULTS,
            slabs);
    target = NodeParts.newTarget(commands(), dataset);
  }

  /** Every command that a replication stream may hold. */
  public static CommandTable commands() {
    return DataCommands.ofStream(() -> MemoryDirectives.HLL_SPARSE_MAX_BYTES.defaultValue());
  }

  public Keyspace keyspace() {
    return dataset.keyspace();
  }

  /** What fills it. */
  public FullSyncTarget target() {
    return target;
  }

  /**
   * Writes all of it as an RDB.
   *
   * @param auxiliary fields at the start, such as {@code redis-ver}
   * @return bytes written
   */
  public long writeRdb(Map<String, String> auxiliary, WritableByteChannel out) throws IOException {
    return RdbWriter.write(
        dataset.keyspace(), dataset.strings(), dataset.collections(), auxiliary, out);
  }

  @Override
  public void close() {
    dataset.close();
    slabs.close();
  }
}
