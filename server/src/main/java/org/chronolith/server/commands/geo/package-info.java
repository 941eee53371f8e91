/**
 * Commands on sorted sets whose scores are places on the earth. The arithmetic is Redis's, to the
 * last bit: what is stored must be the same on a redis-server. Thread: the owner of the keyspace.
 */
package org.chronolith.server.commands.geo;
