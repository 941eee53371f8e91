package org.chronolith.replicationlog;

/**
 * How far the verification of old segments is.
 *
 * @param running whether a round is under way
 * @param verifiedBytes file bytes read in this round, or in the last one
 * @param endedMs wall clock of the end of the last round; 0 while one runs, and before the first
 * @param damaged segments that were found damaged in it
 * @param lastDamage what was found last, with file, position and offset; empty if nothing was
 */
public record ScrubStatus(
    boolean running, long verifiedBytes, long endedMs, int damaged, String lastDamage) {
  static final ScrubStatus NONE = new ScrubStatus(false, 0, 0, 0, "");
}
