package org.chronolith.server.command;

/**
 * A rule that may refuse a command before it runs or is queued: authentication, read-only replica,
 * loading, memory, disk.
 */
@FunctionalInterface
public interface Gate {
  /**
   * Judges one request, of which arguments, client and declaration are bound. Must be cheap: it
   * runs for every request.
   *
   * @return the error reply, code word first, or null to let the command pass
   */
  String refuse(Call call);
}
