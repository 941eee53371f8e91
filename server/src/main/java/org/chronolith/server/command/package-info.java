/**
 * What a command is: its declaration ({@link org.chronolith.server.command.CommandSpec}), the table
 * of all of them, one running {@link org.chronolith.server.command.Call}, and the {@link
 * org.chronolith.server.command.Dispatcher} that gates, runs and propagates it. The commands
 * themselves are in {@code org.chronolith.server.commands}, a package per group.
 *
 * <p>Thread: whoever owns the keyspace: {@code engine}, or {@code loader} while it builds a new
 * one.
 */
package org.chronolith.server.command;
