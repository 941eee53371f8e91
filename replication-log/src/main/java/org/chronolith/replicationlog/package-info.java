/**
 * The append-only log of the replication stream: records with Redis offsets, segments, retention,
 * readers, and the history (replication id and lineage) that the stream belongs to.
 *
 * <p>Threads: the engine thread appends; {@code log-sync} forces; {@code log-prepare} reserves and
 * touches pages ahead, creates and removes segments; any thread may read. Chronicle Queue is used
 * in {@link org.chronolith.replicationlog.chronicle} only. File format: docs/formats/log.md.
 */
package org.chronolith.replicationlog;
