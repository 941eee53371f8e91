package org.chronolith.bench.jmh;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.structure.BlockList;
import org.chronolith.engine.structure.BlockListener;
import org.chronolith.engine.structure.CompactList;
import org.chronolith.engine.structure.OrderedIndex;
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

/** The structures of collections: a compact list of 64 elements, and two large ones. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CollectionsBenchmark {

  private static final int ELEMENT_BYTES = 20;
  private static final int COMPACT_ELEMENTS = 64;
  private static final int BLOCK_BYTES = 8192;

  @Param({"1000", "1000000"})
  private int elements;

  private OffHeap memory;
  private SplittableRandom random;
  private CompactList compact;
  private long compactRef;
  private BlockList list;
  private BlockList.Cursor listCursor;
  private long listRoot;
  private OrderedIndex index;
  private long indexRoot;
  private long[] members;
  private double[] scores;

  @Setup
  public void fill(OffHeap offHeap) {
    memory = offHeap;
    random = new SplittableRandom(1);
    SlabAllocator slabs = offHeap.slabs();
    compact = new CompactList(slabs, 0);
    compactRef = compact.create(COMPACT_ELEMENTS * ELEMENT_BYTES);
    for (int i = 0; i < COMPACT_ELEMENTS; i++) {
      compactRef = compact.insert(compactRef, compact.end(compactRef), element(i));
    }
    list = new BlockList(slabs, BLOCK_BYTES, new Unheard());
    listCursor = list.cursor();
    listRoot = list.create(1);
    for (int i = 0; i < elements; i++) {
      list.pushLast(listRoot, element(i));
    }
    fillIndex(slabs);
  }

  private void fillIndex(SlabAllocator slabs) {
    index = new OrderedIndex(slabs, new MemberOrder(slabs));
    members = new long[elements];
    scores = new double[elements];
    for (int i = 0; i < elements; i++) {
      members[i] = slabs.allocate(ELEMENT_BYTES);
      slabs.copyIn(members[i], 0, element(i));
      scores[i] = random.nextDouble();
      indexRoot = index.insert(indexRoot, scores[i], members[i]);
    }
  }

  /** On average half of the blob is looked at. */
  @Benchmark
  public int compactFind() {
    return compact.find(compactRef, element(random.nextInt(COMPACT_ELEMENTS)), 1);
  }

  @Benchmark
  public long compactReplace() {
    int position = compact.at(compactRef, random.nextInt(COMPACT_ELEMENTS));
    compactRef = compact.replace(compactRef, position, element(7));
    return compactRef;
  }

  /** What LPUSH and RPOP do. */
  @Benchmark
  public void listPushAndPop() {
    list.pushFirst(listRoot, element(1));
    list.removeLast(listRoot, 1);
  }

  @Benchmark
  public boolean listSeek() {
    return listCursor.seek(listRoot, random.nextInt(elements));
  }

  /** What ZADD of a known member does. */
  @Benchmark
  public long indexMove() {
    int member = random.nextInt(elements);
    indexRoot = index.remove(indexRoot, scores[member], members[member]);
    scores[member] = random.nextDouble();
    indexRoot = index.insert(indexRoot, scores[member], members[member]);
    return indexRoot;
  }

  @Benchmark
  public long indexRank() {
    int member = random.nextInt(elements);
    return index.rank(indexRoot, scores[member], members[member]);
  }

  private Slice element(long number) {
    return memory.value(number, ELEMENT_BYTES);
  }

  /** No snapshot is running. */
  private static final class Unheard implements BlockListener {
    @Override
    public void changing(long root, long block) {}

    @Override
    public void added(long root, long block) {}

    @Override
    public void removing(long root, long block) {}
  }

  private record MemberOrder(SlabAllocator slabs) implements OrderedIndex.Members {
    @Override
    public int compare(long member, long other) {
      return slabs.compare(member, 0, ELEMENT_BYTES, other, 0, ELEMENT_BYTES);
    }

    @Override
    public int compare(long member, Slice other) {
      return slabs.compare(member, 0, ELEMENT_BYTES, other);
    }
  }
}
