/**
 * Strings: short ones inline in their entry, long ones as chunks with marks of their own. Owned by
 * the thread that owns the keyspace.
 */
package org.chronolith.engine.types.string;
