package org.chronolith.engine.keyspace;

/** How a value hangs on its entry. */
public enum ValueForm {
  /** Its bytes lie in the entry. Serialised with the entry, as they are. */
  INLINE,
  /**
   * The entry holds the reference of one or a few blocks, which are serialised with the entry as a
   * whole and freed at once: a compact list.
   */
  SMALL,
  /**
   * The entry holds a root and a collection id. Elements have marks of their own, are serialised as
   * items of their own under the id, and are walked and freed in slices.
   */
  BIG
}
