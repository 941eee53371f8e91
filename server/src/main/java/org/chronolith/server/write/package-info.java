/**
 * The way of a write from the keyspace to the log: effects are staged while commands run, and one
 * append at the end of the turn carries them all.
 *
 * <p>Thread: {@code engine}.
 */
package org.chronolith.server.write;
