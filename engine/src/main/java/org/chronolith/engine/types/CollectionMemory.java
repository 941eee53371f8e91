package org.chronolith.engine.types;

import java.util.function.LongSupplier;
import org.chronolith.engine.keyspace.ElementChanges;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * What collections of one keyspace are made in.
 *
 * @param ids a new collection id whenever a collection becomes large
 * @param changes where changes of the elements of large collections are told
 */
public record CollectionMemory(
    SlabAllocator slabs, CollectionLimits limits, LongSupplier ids, ElementChanges changes) {}
