package org.chronolith.server.commands.sortedsets;

import org.chronolith.engine.types.zset.LexRange;
import org.chronolith.engine.types.zset.ScoreRange;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * What {@code ZRANGE} and its kin ask for: a range of ranks, scores or members, and the part of it
 * that is wanted. All of them come down to ranks: {@link #resolve}, then {@link #first} and {@link
 * #count}.
 */
final class RangeRequest {
  /** What the two ends of a range are; UNDECIDED until an option says it, and then a RANK. */
  enum By {
    UNDECIDED,
    RANK,
    SCORE,
    LEX
  }

  static final CommandException NOT_SCORES = new CommandException("ERR min or max is not a float");
  static final CommandException NOT_LEX =
      new CommandException("ERR min or max not valid string range item");
  private static final CommandException LIMIT_BY_RANK =
      new CommandException(
          "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
  private static final CommandException SCORES_BY_LEX =
      new CommandException("ERR syntax error, WITHSCORES not supported in combination with BYLEX");

  private static final long NO_LIMIT = -1;

  private final Call call;
  private By by;
  private boolean reverse;
  private boolean withScores;
  private long offset;
  private long limit = NO_LIMIT;

  private long startRank;
  private long stopRank;
  private ScoreRange scores;
  private LexRange lex;

  private long first;
  private long count;

  private RangeRequest(Call call, By by, boolean reverse) {
    this.call = call;
    this.by = by;
    this.reverse = reverse;
  }

  /** The request of {@code ZRANGE}, or of {@code ZRANGESTORE}, whose key is word {@code keyAt}. */
  static RangeRequest any(Call call, int keyAt, boolean stores) {
    RangeRequest request = new RangeRequest(call, By.UNDECIDED, false);
    request.options(keyAt + 3, stores, true);
    request.ends(keyAt + 1);
    return request;
  }

  /** The request of a command that has only one kind of range, in one direction. */
  static RangeRequest of(Call call, By by, boolean reverse) {
    RangeRequest request = new RangeRequest(call, by, reverse);
    request.options(4, false, false);
    request.ends(2);
    return request;
  }

  private void options(int from, boolean stores, boolean free) {
    boolean mayReverse = free;
    for (int i = from; i < call.argc(); i++) {
      if (!stores && call.is(i, "withscores")) {
        withScores = true;
      } else if (call.is(i, "limit") && i + 2 < call.argc()) {
        offset = call.integer(i + 1);
        limit = call.integer(i + 2);
        i += 2;
      } else if (mayReverse && call.is(i, "rev")) {
        reverse = true;
        mayReverse = false;
      } else if (by == By.UNDECIDED && call.is(i, "bylex")) {
        by = By.LEX;
      } else if (by == By.UNDECIDED && call.is(i, "byscore")) {
        by = By.SCORE;
      } else {
        throw CommandException.SYNTAX;
      }
    }
    if (by == By.UNDECIDED) {
      by = By.RANK;
    }
    if (by == By.RANK) {
      if (limit != NO_LIMIT) {
        throw LIMIT_BY_RANK;
      }
      // As in Redis, an offset alone passes unheard.
      offset = 0;
    }
    if (withScores && by == By.LEX) {
      throw SCORES_BY_LEX;
    }
  }

  private void ends(int at) {
    int min = reverse && by != By.RANK ? at + 1 : at;
    int max = at + at + 1 - min;
    switch (by) {
      case SCORE -> scores = scores(call, min, max);
      case LEX -> lex = lex(call, min, max);
      default -> {
        startRank = call.integer(min);
        stopRank = call.integer(max);
      }
    }
  }

  /** Words as the ends of a range of scores. */
  static ScoreRange scores(Call call, int min, int max) {
    ScoreRange range = ScoreRange.parse(call.arg(min), call.arg(max));
    if (range == null) {
      throw NOT_SCORES;
    }
    return range;
  }

  /** Words as the ends of a range of members. */
  static LexRange lex(Call call, int min, int max) {
    LexRange range = LexRange.parse(call.arg(min), call.arg(max));
    if (range == null) {
      throw NOT_LEX;
    }
    return range;
  }

  boolean reverse() {
    return reverse;
  }

  boolean withScores() {
    return withScores;
  }

  /** Whether the range is one of ranks, so that Redis knows its size before it walks it. */
  boolean byRank() {
    return by == By.RANK;
  }

  /** Finds out what of a sorted set is asked for. */
  void resolve(ZsetValue zset) {
    long from;
    long behind;
    switch (by) {
      case SCORE -> {
        from = zset.rankOfFirst(scores);
        behind = zset.rankBehind(scores);
      }
      case LEX -> {
        from = zset.rankOfFirst(lex);
        behind = zset.rankBehind(lex, from);
      }
      default -> {
        long size = zset.size();
        long start = Math.max(0, startRank < 0 ? size + startRank : startRank);
        long stop = Math.min(size - 1, stopRank < 0 ? size + stopRank : stopRank);
        from = reverse ? size - 1 - stop : start;
        behind = reverse ? size - start : stop + 1;
      }
    }
    // As in Redis, a negative offset is beyond any end, and a negative limit is none.
    long inRange = from >= behind || offset < 0 ? 0 : Math.max(0, behind - from - offset);
    count = limit < 0 ? inRange : Math.min(inRange, limit);
    first = reverse ? behind - 1 - offset : from + offset;
  }

  /** Rank of the first member that is wanted. Meaningless if none is. */
  long first() {
    return first;
  }

  /** How many members are wanted, from the first on towards higher ranks, or lower if reverse. */
  long count() {
    return count;
  }
}
