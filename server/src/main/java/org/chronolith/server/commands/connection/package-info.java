/**
 * Commands about the client's own connection, and about those of others. Thread: {@code engine}.
 */
package org.chronolith.server.commands.connection;
