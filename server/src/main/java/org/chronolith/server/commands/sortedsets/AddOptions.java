package org.chronolith.server.commands.sortedsets;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * The words of {@code ZADD} between the key and the first score.
 *
 * @param firstScore index of the word after them
 */
record AddOptions(
    boolean onlyNew,
    boolean onlyThere,
    boolean onlyGreater,
    boolean onlyLess,
    boolean countsChanged,
    boolean increments,
    int firstScore) {
  private static final CommandException NX_AND_XX =
      new CommandException("ERR XX and NX options at the same time are not compatible");
  private static final CommandException GT_LT_NX =
      new CommandException("ERR GT, LT, and/or NX options at the same time are not compatible");
  private static final CommandException ONE_PAIR =
      new CommandException("ERR INCR option supports a single increment-element pair");

  /** {@code ZADD key score member …} and {@code ZINCRBY key increment member}. */
  static final AddOptions NONE = new AddOptions(false, false, false, false, false, false, 2);

  static final AddOptions INCREMENT = new AddOptions(false, false, false, false, false, true, 2);

  /**
   * Reads and checks the options.
   *
   * @throws CommandException the client's mistake
   */
  static AddOptions parse(Call call) {
    // The common case without options: no option begins like a number.
    if (call.argc() % 2 == 0 && isNumberLike(call)) {
      return NONE;
    }
    boolean nx = false;
    boolean xx = false;
    boolean gt = false;
    boolean lt = false;
    boolean ch = false;
    boolean incr = false;
    int at = 2;
    for (; at < call.argc(); at++) {
      if (call.is(at, "nx")) {
        nx = true;
      } else if (call.is(at, "xx")) {
        xx = true;
      } else if (call.is(at, "gt")) {
        gt = true;
      } else if (call.is(at, "lt")) {
        lt = true;
      } else if (call.is(at, "ch")) {
        ch = true;
      } else if (call.is(at, "incr")) {
        incr = true;
      } else {
        break;
      }
    }
    int words = call.argc() - at;
    if (words == 0 || words % 2 != 0) {
      throw CommandException.SYNTAX;
    }
    if (nx && xx) {
      throw NX_AND_XX;
    }
    if (gt && nx || lt && nx || gt && lt) {
      throw GT_LT_NX;
    }
    if (incr && words > 2) {
      throw ONE_PAIR;
    }
    return new AddOptions(nx, xx, gt, lt, ch, incr, at);
  }

  private static boolean isNumberLike(Call call) {
    int first = call.arg(2).length() == 0 ? 0 : call.arg(2).get(0);
    return first >= '0' && first <= '9' || first == '-';
  }

  /** Whether a member with this score may be given the new one. */
  boolean allows(double old, double score) {
    return !onlyNew && !(onlyGreater && score <= old) && !(onlyLess && score >= old);
  }
}
