/**
 * Redis's RDB format, read and written, for masters, replicas and tools that know nothing else.
 * What a type's code means is a row of {@code RdbType}.
 *
 * <p>Thread: the one that owns the keyspace that is read into or written.
 */
package org.chronolith.engine.rdb;
