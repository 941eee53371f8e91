package org.chronolith.engine.keyspace;

/** All databases. One owner thread, checked at every entry point. */
public final class Keyspace implements AutoCloseable {
  private Keyspace() {}

  /** Hands the keyspace to the calling thread. */
  public void adopt() {
    throw new UnsupportedOperationException();
  }

  /** Before each command: the wall clock and what becomes of expired keys. */
  public void begin(long nowMs, ExpiryMode mode) {
    throw new UnsupportedOperationException();
  }

  /** Database {@code index}, from 0 to {@link #databases()} - 1. */
  public Database database(int index) {
    throw new UnsupportedOperationException();
  }

  public int databases() {
    throw new UnsupportedOperationException();
  }

  /** Whether touched keys are reported. */
  public void watching(boolean on) {
    throw new UnsupportedOperationException();
  }

  /** Bytes of all blocks in use. */
  public long usedMemoryBytes() {
    throw new UnsupportedOperationException();
  }

  /** Whether {@code bytes} more can surely be allocated. */
  public boolean canAllocate(long bytes) {
    throw new UnsupportedOperationException();
  }

  /** Removes expired keys for about {@code nanos}; true if more are due. */
  public boolean expireSlice(long nanos) {
    throw new UnsupportedOperationException();
  }

  /** Frees detached structures for about {@code nanos}; true if there are more. */
  public boolean freeSlice(long nanos) {
    throw new UnsupportedOperationException();
  }

  /** Moves blocks out of sparse slabs for about {@code nanos}; true if there is more to do. */
  public boolean compactSlice(long nanos) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
