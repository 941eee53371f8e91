/** Commands that work on keys of any type. Thread: the owner of the keyspace. */
package org.chronolith.server.commands.keys;
