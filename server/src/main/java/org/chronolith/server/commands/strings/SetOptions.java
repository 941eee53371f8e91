package org.chronolith.server.commands.strings;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.commands.keys.ExpiryTimes;

/** The options of SET and GETEX. Reused from call to call. Thread: the owner of the keyspace. */
final class SetOptions {
  boolean nx;
  boolean xx;
  boolean get;
  boolean keepTtl;
  boolean persist;

  /** Absolute time in ms, or -1. */
  long expireAtMs;

  /** Whether the time was given as an absolute one. */
  boolean absolute;

  /**
   * Reads the words from {@code first} on.
   *
   * @param set whether these are SET's options, else GETEX's
   * @throws CommandException syntax, not an integer, invalid expire time
   */
  void read(Call call, int first, boolean set) {
    nx = false;
    xx = false;
    get = false;
    keepTtl = false;
    persist = false;
    absolute = false;
    expireAtMs = -1;
    int unit = 0;
    int time = 0;
    for (int i = first; i < call.argc(); i++) {
      int timed = unit(call, i);
      if (timed != 0) {
        if (unit != 0 || keepTtl || persist || i + 1 == call.argc()) {
          throw CommandException.SYNTAX;
        }
        unit = timed;
        time = ++i;
      } else if (!(set ? setWord(call, i, unit) : getexWord(call, i, unit))) {
        throw CommandException.SYNTAX;
      }
    }
    if (unit != 0) {
      absolute = unit > 2;
      boolean seconds = unit == 1 || unit == 3;
      expireAtMs = ExpiryTimes.positiveAbsoluteMs(call, call.integer(time), seconds, absolute);
    }
  }

  /** 1 EX, 2 PX, 3 EXAT, 4 PXAT, 0 anything else. */
  private static int unit(Call call, int i) {
    if (call.is(i, "ex")) {
      return 1;
    }
    if (call.is(i, "px")) {
      return 2;
    }
    if (call.is(i, "exat")) {
      return 3;
    }
    return call.is(i, "pxat") ? 4 : 0;
  }

  private boolean setWord(Call call, int i, int unit) {
    if (call.is(i, "nx") && !xx) {
      nx = true;
    } else if (call.is(i, "xx") && !nx) {
      xx = true;
    } else if (call.is(i, "get")) {
      get = true;
    } else if (call.is(i, "keepttl") && unit == 0) {
      keepTtl = true;
    } else {
      return false;
    }
    return true;
  }

  private boolean getexWord(Call call, int i, int unit) {
    if (call.is(i, "persist") && unit == 0) {
      persist = true;
      return true;
    }
    return false;
  }
}
