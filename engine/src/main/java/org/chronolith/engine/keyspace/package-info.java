/**
 * Keys, values, expiry and the walk of a snapshot. A {@link
 * org.chronolith.engine.keyspace.Keyspace} has one owner thread, checked at every entry point; what
 * a value looks like inside belongs to the types, which join through {@link
 * org.chronolith.engine.keyspace.TypeSupport}.
 */
package org.chronolith.engine.keyspace;
