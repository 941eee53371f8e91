package org.chronolith.engine.memory;

/** The invariants of a {@link SlabAllocator}, checked after each step of a test. */
final class SlabAudit {
  private final SlabAllocator allocator;
  private final SlabBlocks blocks;

  SlabAudit(SlabAllocator allocator, SlabBlocks blocks) {
    this.allocator = allocator;
    this.blocks = blocks;
  }

  void run() {
    long used = 0;
    long reserved = 0;
    int sparse = 0;
    for (int slab = 1; slab < allocator.slabSlots(); slab++) {
      if (!allocator.isPresent(slab)) {
        continue;
      }
      reserved += SlabAllocator.SLAB_BYTES;
      if (!blocks.isOpen(slab)) {
        continue;
      }
      int bytes = blocks.blockBytes(slab);
      int free = 0;
      for (int at = blocks.freeHead(slab); at >= 0; at = allocator.nextFree(slab, at)) {
        check(at % bytes == 0 && at < blocks.carvedBytes(slab), "free list of slab " + slab);
        free++;
      }
      int carved = blocks.carvedBytes(slab) / bytes;
      check(free + blocks.usedBlocks(slab) == carved, "block count of slab " + slab);
      boolean full = free == 0 && blocks.carvedBytes(slab) + bytes > SlabAllocator.SLAB_BYTES;
      boolean marked = blocks.isSparse(slab);
      sparse += marked ? 1 : 0;
      check(blocks.isListed(slab) == (!full && !marked), "listing of slab " + slab);
      check(blocks.usedBlocks(slab) > 0, "slab " + slab + " is open and empty");
      used += (long) blocks.usedBlocks(slab) * bytes;
    }
    check(used == allocator.usedBytes(), "used bytes: counted " + used);
    check(reserved == allocator.reservedBytes(), "reserved bytes: counted " + reserved);
    check(sparse == allocator.sparseSlabs(), "sparse slabs: counted " + sparse);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("allocator invariant broken: " + what);
    }
  }
}
