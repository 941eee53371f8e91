package org.chronolith.replicationlog;

/**
 * A log that begins as another one does, and goes on by itself.
 *
 * @param log open, and ready to be appended to where what it shares with the other one ends
 * @param db database that the stream has selected there
 */
public record LogBranch(ReplicationLog log, int db) {}
