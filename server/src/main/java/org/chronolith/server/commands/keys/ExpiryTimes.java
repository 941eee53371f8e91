package org.chronolith.server.commands.keys;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** Times of expiry in requests, made absolute, with Redis's errors for those that overflow. */
public final class ExpiryTimes {
  private ExpiryTimes() {}

  /**
   * The absolute time in ms of an EXPIRE-like command; it may lie in the past.
   *
   * @throws CommandException {@code invalid expire time} if it does not fit in 64 bits
   */
  public static long absoluteMs(Call call, long value, boolean seconds, boolean absolute) {
    long ms = value;
    if (seconds) {
      if (value > Long.MAX_VALUE / 1000 || value < Long.MIN_VALUE / 1000) {
        throw invalid(call);
      }
      ms = value * 1000;
    }
    if (absolute) {
      return ms;
    }
    if (ms > Long.MAX_VALUE - call.nowMs()) {
      throw invalid(call);
    }
    return ms + call.nowMs();
  }

  /**
   * The same for SET, GETEX, SETEX, which take no time of zero or less.
   *
   * @throws CommandException {@code invalid expire time}
   */
  public static long positiveAbsoluteMs(Call call, long value, boolean seconds, boolean absolute) {
    if (value <= 0) {
      throw invalid(call);
    }
    return absoluteMs(call, value, seconds, absolute);
  }

  private static CommandException invalid(Call call) {
    return new CommandException(
        "ERR invalid expire time in '" + call.spec().fullName() + "' command");
  }
}
