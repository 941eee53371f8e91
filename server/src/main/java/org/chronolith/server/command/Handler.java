package org.chronolith.server.command;

/**
 * The code of one command. It runs on the thread that owns the keyspace, reads its arguments from
 * the call, writes exactly one reply (unless it blocks the client), and says what it changed with
 * {@link Call#propagate()} or {@link Call#effect}.
 */
@FunctionalInterface
public interface Handler {
  /**
   * Runs the command.
   *
   * @throws CommandException for the client's own mistakes; nothing must have been changed or
   *     replied before it is thrown
   */
  void run(Call call);
}
