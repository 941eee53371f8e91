/**
 * Redis's RDB format, for replicas and tools that know nothing else.
 *
 * <p>Thread: the one that owns the keyspace that is written.
 */
package org.chronolith.engine.rdb;
