/** Commands on strings. Thread: the owner of the keyspace. */
package org.chronolith.server.commands.strings;
