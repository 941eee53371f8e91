/**
 * Commands on sorted sets whose scores are places on the earth. The arithmetic is Redis's: places
 * must be the same to the last bit on a redis-server. Thread: the owner of the keyspace.
 */
package org.chronolith.server.commands.geo;
