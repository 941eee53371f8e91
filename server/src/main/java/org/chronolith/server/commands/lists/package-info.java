/** Commands on lists. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.lists;
