/**
 * Snapshots on disk: batches of items go into a working RocksDB, and a hard-linked, immutable
 * checkpoint with a META file comes out. The only package that knows RocksDB. Everything that
 * touches the disk runs on the thread {@code snapshot}, which {@link
 * org.chronolith.engine.snapshot.SnapshotStore} owns, except for the reading of a checkpoint, which
 * runs on the thread of its reader.
 */
package org.chronolith.engine.snapshot;
