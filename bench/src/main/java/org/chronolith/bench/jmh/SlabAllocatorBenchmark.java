package org.chronolith.bench.jmh;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.memory.SlabAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Allocation and reads among a million live blocks. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SlabAllocatorBenchmark {

  @Param("1000000")
  private int blocks;

  @Param("120")
  private int bytes;

  private SlabAllocator slabs;
  private long[] live;
  private SplittableRandom random;

  @Setup
  public void allocateBlocks(OffHeap memory) {
    slabs = memory.slabs();
    random = new SplittableRandom(1);
    live = new long[blocks];
    for (int i = 0; i < blocks; i++) {
      live[i] = slabs.allocate(bytes);
      slabs.putLong(live[i], 0, i);
    }
  }

  /** What an overwrite with a value of another size costs the allocator. */
  @Benchmark
  public long freeAndAllocate() {
    int victim = random.nextInt(blocks);
    slabs.free(live[victim]);
    long block = slabs.allocate(bytes);
    slabs.putLong(block, 0, victim);
    live[victim] = block;
    return block;
  }

  /** One read of a random block: mostly the cache miss. */
  @Benchmark
  public long readAtRandom() {
    return slabs.getLong(live[random.nextInt(blocks)], 0);
  }
}
