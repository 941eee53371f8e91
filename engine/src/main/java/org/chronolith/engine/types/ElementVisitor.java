package org.chronolith.engine.types;

import org.chronolith.engine.structure.StoredBytes;

/**
 * Is shown the elements of a collection; must not change it. Both arguments are reused for the next
 * element.
 */
@FunctionalInterface
public interface ElementVisitor {
  /**
   * One element.
   *
   * @param key the field or the member
   * @param value the field's value; empty for a set, eight bytes for a sorted set
   */
  void visit(StoredBytes key, StoredBytes value);
}
