package org.chronolith.server.command;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;

/**
 * About how much a command logs that may log far more than it says, so that room for it can be had
 * before {@code EXEC} runs, in the middle of which nothing can be put off.
 */
@FunctionalInterface
public interface EffectEstimate {
  /**
   * Bytes, as of now. Changes nothing; the arguments may be wrong in any way.
   *
   * @param exactly whether all of a collection is looked at, if the command would do so too: else
   *     its size is told by some of its elements
   */
  long bytes(Database db, Slice[] arguments, boolean exactly);
}
