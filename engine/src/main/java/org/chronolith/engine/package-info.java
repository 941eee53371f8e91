/**
 * The keyspace off the heap: memory, structures, types, expiry and snapshots. A leaf module: it
 * knows neither sockets nor the replication log. The engine thread owns whatever is not said to
 * belong to another.
 */
package org.chronolith.engine;
