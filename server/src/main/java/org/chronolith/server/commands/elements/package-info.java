/**
 * What the commands on hashes, lists, sets and sorted sets share: elements into replies and
 * effects, and the iterating commands. Thread: the one that owns the keyspace.
 */
package org.chronolith.server.commands.elements;
