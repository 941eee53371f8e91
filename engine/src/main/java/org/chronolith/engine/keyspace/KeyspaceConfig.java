package org.chronolith.engine.keyspace;

import java.util.function.LongSupplier;

/**
 * The bounds of a keyspace.
 *
 * @param databases number of databases, at least 1
 * @param maxBytes the most memory that its slabs may take
 * @param snapshotBatchBytes a snapshot offers its batch from this size on
 * @param preImageBytes a snapshot whose batch cannot be handed over gives up when changes, but for
 *     the last item, have written more than this into it
 * @param hashSeed seed of the key hash; random in production
 * @param nanos by which slices are measured
 */
public record KeyspaceConfig(
    int databases,
    long maxBytes,
    int snapshotBatchBytes,
    int preImageBytes,
    long hashSeed,
    LongSupplier nanos) {
  public KeyspaceConfig {
    if (databases < 1) {
      throw new IllegalArgumentException("databases " + databases);
    }
    if (snapshotBatchBytes < 1 || preImageBytes < snapshotBatchBytes) {
      throw new IllegalArgumentException(
          "snapshotBatchBytes " + snapshotBatchBytes + ", preImageBytes " + preImageBytes);
    }
  }

  /** Batches of 256 KiB, pre-images up to 8 MiB, slices by the machine's clock. */
  public static KeyspaceConfig of(int databases, long maxBytes, long hashSeed) {
    return of(databases, maxBytes, hashSeed, System::nanoTime);
  }

  /** The same with slices by another clock. */
  public static KeyspaceConfig of(int databases, long maxBytes, long hashSeed, LongSupplier nanos) {
    return new KeyspaceConfig(databases, maxBytes, 256 << 10, 8 << 20, hashSeed, nanos);
  }
}
