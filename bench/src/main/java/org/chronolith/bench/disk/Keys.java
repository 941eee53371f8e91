package org.chronolith.bench.disk;

import java.util.BitSet;
import java.util.SplittableRandom;

/** The numbers of the keys that a client asks for. Thread: the client's, and after its end any. */
interface Keys {
  int next();

  /** The request for a key was done, says its reply. */
  default void acknowledged(int number) {}

  /** The reply was an error. */
  default void refused(int number) {}

  /** Any of so many, again and again. */
  static Keys random(int count) {
    SplittableRandom random = new SplittableRandom(1);
    return () -> random.nextInt(count);
  }

  /** Each number once, so that each reply can be held against the data. */
  final class Once implements Keys {
    private final BitSet acknowledged = new BitSet();
    private final BitSet refused = new BitSet();
    private int begun;

    @Override
    public int next() {
      return begun++;
    }

    @Override
    public void acknowledged(int number) {
      acknowledged.set(number);
    }

    @Override
    public void refused(int number) {
      refused.set(number);
    }

    /** How many were asked for. */
    int begun() {
      return begun;
    }

    boolean isAcknowledged(int number) {
      return acknowledged.get(number);
    }

    boolean isRefused(int number) {
      return refused.get(number);
    }
  }
}
