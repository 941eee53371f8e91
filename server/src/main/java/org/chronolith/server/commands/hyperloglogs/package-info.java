/** Commands on HyperLogLogs, which are strings. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.hyperloglogs;
