package org.chronolith.server.command;

/**
 * A client's mistake: its message is the error reply, code word first ({@code ERR …}). It has no
 * stack trace, costs no more than its message, and never leaves the thread that threw it.
 */
public final class CommandException extends RuntimeException {
  /** Shared instances for the errors that every family of commands needs. */
  public static final CommandException SYNTAX = new CommandException("ERR syntax error");

  public static final CommandException NOT_AN_INTEGER =
      new CommandException("ERR value is not an integer or out of range");
  public static final CommandException NOT_A_FLOAT =
      new CommandException("ERR value is not a valid float");

  public static final CommandException NAN_OR_INFINITY =
      new CommandException("ERR increment would produce NaN or Infinity");
  public static final CommandException WRONG_TYPE =
      new CommandException("WRONGTYPE Operation against a key holding the wrong kind of value");
  public static final CommandException NO_SUCH_KEY = new CommandException("ERR no such key");

  /** No error: the request comes again, see {@link Gate#POSTPONE}. */
  static final CommandException POSTPONED = new CommandException(Gate.POSTPONE);

  public static final CommandException INDEX_OUT_OF_RANGE =
      new CommandException("ERR index out of range");

  public CommandException(String reply) {
    super(reply, null, false, false);
  }
}
