package org.chronolith.server.recovery;

import org.chronolith.engine.snapshot.BatchSink;

/** The keyspace as a snapshot sees it. Thread: engine. */
public interface SnapshotSource {
  /** What a slice of the walk came to. */
  enum Step {
    /** There is more to do. */
    MORE,
    /** The sink is full; there is more to do, later. */
    BLOCKED,
    /** Everything that belongs to the mark is in the sink. */
    DONE,
    /**
     * The walk gave way, since the sink was full when an entry had to be saved before its change.
     */
    GAVE_WAY
  }

  /**
   * Works for about {@code budgetNanos} on what must be done before a walk can begin.
   *
   * @return whether one can begin now
   */
  boolean prepare(long budgetNanos);

  /**
   * Marks the state as it is now.
   *
   * @param everything whether what earlier snapshots hold is brought again
   */
  void begin(BatchSink sink, boolean everything);

  /** Goes on for about {@code budgetNanos}. */
  Step step(long budgetNanos);

  /** Ends the walk; what was not brought stays marked for the next one. */
  void abort(String why);

  /** Why the walk gave way; empty if it did not. */
  String reason();

  /** Entries and elements looked at by this walk. */
  long itemsExamined();

  /** Keys in all databases. */
  long keys();
}
