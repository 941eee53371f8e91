package org.chronolith.engine.structure;

import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.memory.SlabSource;

/** The memory that the tests of the structures work on. */
public final class TestMemory {
  private TestMemory() {}

  public static SlabAllocator slabs() {
    return new SlabAllocator(SlabSource.inline(), 1L << 30, 42);
  }

  public static void close(SlabAllocator slabs) {
    slabs.validate();
    slabs.close();
  }
}
