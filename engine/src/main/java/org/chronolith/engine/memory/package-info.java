/**
 * Slabs of direct memory, handed out in blocks of fixed size classes. An allocator belongs to the
 * thread that owns its keyspace; only the {@code slab-prepare} thread of {@link
 * org.chronolith.engine.memory.SlabSource} works beside it, and shares nothing but a queue.
 */
package org.chronolith.engine.memory;
