package org.chronolith.engine.structure;

/**
 * Hears which block of a list is about to change, so that its mark is set and a running snapshot
 * can take the old state first.
 */
public interface BlockListener {
  /** The block will change; its order key stays. */
  void changing(long root, long block);

  /** The block was just added. */
  void added(long root, long block);

  /** The block will be removed, or will lose its order key. */
  void removing(long root, long block);
}
