/**
 * Chronicle Queue, and nothing of it outside: one segment of the log is one queue directory with
 * one file that never rolls. The appender writes by mapping; the files are read as plain files,
 * whose document framing is in {@link org.chronolith.replicationlog.chronicle.QueueFile}.
 *
 * <p>Threads: log-prepare creates, reserves, touches and closes; the engine thread appends.
 */
package org.chronolith.replicationlog.chronicle;
