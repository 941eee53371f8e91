/**
 * The offline tools of {@code bin/chronolith}: check, log, repair, restore, and the client of the
 * command {@code BACKUP}. They read with {@link org.chronolith.replicationlog.LogInspector} and
 * {@link org.chronolith.engine.snapshot.CheckpointInspector}, which change nothing, so that they
 * work beside a running server; what does change something says so in its name and takes the
 * directory's lock.
 *
 * <p>Thread: the main one. Exit codes: 0 fine, 1 damage or a difference was found, 2 misuse, or it
 * cannot be done.
 */
package org.chronolith.server.tools;
