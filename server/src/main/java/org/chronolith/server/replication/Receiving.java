package org.chronolith.server.replication;

/** A data set on its way in. Any thread. */
interface Receiving {
  /**
   * Gives up, if that is still possible.
   *
   * @return false if the new generation is already the live one on disk: the engine must adopt it
   */
  boolean giveUp();
}
