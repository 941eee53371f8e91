package org.chronolith.engine.keyspace;

/** A BIG value that no entry names any more, on its way to be freed. */
record Detached(int kind, long root, long collectionId) {}
