/**
 * The data directory and what leads from it to a serving keyspace: the lock, the generations, the
 * start (newest checkpoint, then the log from its offset on), and the snapshots that keep the next
 * start short.
 *
 * <p>Threads: {@code loader} recovers, since it waits for the disk; {@link
 * org.chronolith.server.recovery.SnapshotDuty} belongs to {@code engine} and never waits.
 */
package org.chronolith.server.recovery;
