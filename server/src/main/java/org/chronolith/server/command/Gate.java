package org.chronolith.server.command;

/**
 * A rule that may refuse a command before it runs or is queued: authentication, read-only replica,
 * loading, memory, disk.
 */
@FunctionalInterface
public interface Gate {
  /** Instead of an error: the request waits, and comes again when its connection is resumed. */
  String POSTPONE = "postpone";

  /**
   * Judges one request, of which arguments, client and declaration are bound. Must be cheap: it
   * runs for every request.
   *
   * @return the error reply, code word first, null to let the command pass, or {@link #POSTPONE}
   */
  String refuse(Call call);
}
