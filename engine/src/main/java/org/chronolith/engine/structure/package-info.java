/**
 * The data structures that carry all types, off the heap: hash table, compact list, block list and
 * ordered index. Each class is a way to look at structures in a {@link
 * org.chronolith.engine.memory.SlabAllocator}'s memory, which are named by references; none keeps a
 * heap object per key or element. Thread: the owner of the keyspace.
 */
package org.chronolith.engine.structure;
