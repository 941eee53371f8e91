package org.chronolith.bench.jmh;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.EntryLayout;
import org.chronolith.engine.structure.HashTable;
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

/** The hash table with entries of a 16-byte key and nothing else. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HashTableBenchmark {

  private static final int KEY_AT = Long.BYTES;
  private static final int KEY_BYTES = 16;

  @Param({"1000", "1000000"})
  private int entries;

  private OffHeap memory;
  private SlabAllocator slabs;
  private HashTable table;
  private long root;
  private SplittableRandom random;

  @Setup
  public void fill(OffHeap offHeap) {
    memory = offHeap;
    slabs = offHeap.slabs();
    random = new SplittableRandom(1);
    table =
        new HashTable(
            slabs,
            new EntryLayout() {
              @Override
              public boolean keyEquals(long entry, Slice key) {
                return slabs.equals(entry, KEY_AT, KEY_BYTES, key);
              }

              @Override
              public long hash(long entry) {
                return slabs.hash(entry, KEY_AT, KEY_BYTES);
              }
            });
    root = table.create(0);
    for (int i = 0; i < entries; i++) {
      insert(i);
    }
  }

  @Benchmark
  public long find() {
    Slice key = memory.key(random.nextInt(entries));
    return table.find(root, key, slabs.hash(key));
  }

  @Benchmark
  public long findAbsent() {
    Slice key = memory.key(entries + random.nextInt(entries));
    return table.find(root, key, slabs.hash(key));
  }

  @Benchmark
  public long removeAndInsert() {
    int number = random.nextInt(entries);
    Slice key = memory.key(number);
    slabs.free(table.remove(root, key, slabs.hash(key)));
    return insert(number);
  }

  private long insert(int number) {
    Slice key = memory.key(number);
    long entry = slabs.allocate(KEY_AT + KEY_BYTES);
    slabs.copyIn(entry, KEY_AT, key);
    table.insert(root, entry, slabs.hash(key));
    return entry;
  }
}
