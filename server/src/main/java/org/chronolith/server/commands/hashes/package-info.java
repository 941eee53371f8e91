/** Commands on hashes. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.hashes;
