/** Commands on the bits of strings. Thread: the one that owns the keyspace. */
package org.chronolith.server.commands.bitmaps;
