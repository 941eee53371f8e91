/** Commands on sets. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.sets;
