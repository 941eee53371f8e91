package org.chronolith.engine.structure;

/**
 * Is shown entries of a table, and may move or remove each; must not change the table otherwise.
 */
@FunctionalInterface
public interface EntryRewriter {
  /**
   * Returns the entry itself to leave it, another block to put in its place (with everything but
   * {@code next} already copied), or 0 to unlink it. Whoever replaces or unlinks also frees; the
   * table has read what it needs of the old block before the call.
   */
  long rewrite(long entry);
}
