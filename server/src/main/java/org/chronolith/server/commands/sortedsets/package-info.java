/** Commands on sorted sets. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.sortedsets;
