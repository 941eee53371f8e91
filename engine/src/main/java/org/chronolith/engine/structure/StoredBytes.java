package org.chronolith.engine.structure;

import io.netty.buffer.ByteBuf;
import org.chronolith.engine.Slice;
import org.chronolith.engine.memory.SlabAllocator;

/**
 * An element at rest: a run of bytes in a block, or a chain. Reused from element to element; valid
 * until the collection changes. Thread: the owner of the keyspace.
 */
public final class StoredBytes {
  private final SlabAllocator slabs;
  private final ByteChain chains;
  private long ref;
  private int at;
  private int length;
  private boolean chained;

  public StoredBytes(SlabAllocator slabs) {
    this.slabs = slabs;
    this.chains = new ByteChain(slabs);
  }

  /** Points at {@code length} bytes from {@code at} on in a block. */
  public void set(long block, int at, int length) {
    this.ref = block;
    this.at = at;
    this.length = length;
    this.chained = false;
  }

  /** Points at all bytes of a chain. */
  public void setChain(long chain) {
    this.ref = chain;
    this.length = chains.length(chain);
    this.chained = true;
  }

  /** Length in bytes. */
  public int length() {
    return length;
  }

  /** The number that eight bytes in a block are, as the slabs store it. */
  public long longValue() {
    return slabs.getLong(ref, at);
  }

  /** Appends all bytes at the buffer's writer index. */
  public void copyTo(ByteBuf out) {
    if (chained) {
      chains.copyTo(ref, out);
    } else {
      slabs.copyOut(ref, at, length, out);
    }
  }

  public boolean equals(Slice other) {
    return chained ? chains.equals(ref, other) : slabs.equals(ref, at, length, other);
  }

  /** Unsigned comparison, byte by byte; a prefix comes first. */
  public int compare(Slice other) {
    return chained ? chains.compare(ref, other) : slabs.compare(ref, at, length, other);
  }
}
