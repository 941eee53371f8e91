/**
 * Masters and replicas over the log: who this node follows, who follows it, partial and full
 * resyncs, promotion.
 *
 * <p>Threads: {@code engine} decides (roles, histories, what a replica is sent) and applies a
 * master's stream; the loop {@code replication} feeds replicas from the log, sends checkpoints and
 * keeps the link to the master; {@code loader} builds the new generation of a full sync. No replica
 * and no master can make the engine thread wait. See docs/proposals/0002-replication.md.
 */
package org.chronolith.server.replication;
