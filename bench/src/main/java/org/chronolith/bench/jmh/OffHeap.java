package org.chronolith.bench.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;
import org.chronolith.engine.memory.SlabSource;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** An allocator and a scratch value, made anew for each trial. */
@State(Scope.Thread)
public class OffHeap {

  private static final long MAX_BYTES = 4L << 30;
  private static final long HASH_SEED = 7;
  private static final int READY_SLABS = 64;

  private SlabSource source;
  private SlabAllocator slabs;
  private final ByteBuf buffer = Unpooled.directBuffer(1024);
  private final Slice slice = new Slice();

  @Setup
  public void open() {
    source = SlabSource.start(READY_SLABS, MAX_BYTES);
    slabs = new SlabAllocator(source, MAX_BYTES, HASH_SEED);
  }

  @TearDown
  public void close() {
    slabs.close();
    source.close();
  }

  SlabAllocator slabs() {
    return slabs;
  }

  /** Sixteen bytes that name {@code number}; valid until the next call. */
  Slice key(long number) {
    buffer.clear().writeLong(0x6b65793a6b65793aL).writeLong(number);
    return slice.set(buffer, 0, 16);
  }

  /** {@code length} bytes that begin with {@code number}; valid until the next call. */
  Slice value(long number, int length) {
    buffer.clear().writeLong(number).writeZero(length - Long.BYTES);
    return slice.set(buffer, 0, length);
  }
}
