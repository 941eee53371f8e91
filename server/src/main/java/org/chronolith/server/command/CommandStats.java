package org.chronolith.server.command;

/**
 * What {@code INFO commandstats} says of one command. Plain fields: the engine thread alone writes
 * them; readers on other threads see a recent value.
 */
public final class CommandStats {
  /** Executions, failed ones included. */
  public long calls;

  /** Total time of the executions, in nanoseconds. */
  public long nanos;

  /** Refused before they ran. */
  public long rejectedCalls;

  /** Ran and answered with an error. */
  public long failedCalls;

  /** Forgets everything ({@code CONFIG RESETSTAT}). */
  public void reset() {
    calls = 0;
    nanos = 0;
    rejectedCalls = 0;
    failedCalls = 0;
  }
}
