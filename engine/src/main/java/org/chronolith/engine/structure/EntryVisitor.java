package org.chronolith.engine.structure;

/** Is shown entries of a table; must not change the table. */
@FunctionalInterface
public interface EntryVisitor {
  void visit(long entry);
}
