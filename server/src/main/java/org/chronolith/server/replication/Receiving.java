package org.chronolith.server.replication;

/** A data set on its way in. Any thread. */
interface Receiving {
  /**
   * Gives up, if that is still possible.
   *
   * @return false if the new generation is already the live one on disk: the engine must adopt it
   */
  boolean giveUp();

  /** The live log is read from here on; {@code Long.MAX_VALUE} if it is not. */
  default long neededOffset() {
    return Long.MAX_VALUE;
  }
}
