/**
 * Expiry and the other upkeep of the keyspace, in small slices between the turns.
 *
 * <p>Thread: {@code engine}.
 */
package org.chronolith.server.expiry;
