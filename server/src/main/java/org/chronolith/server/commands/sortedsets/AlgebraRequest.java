package org.chronolith.server.commands.sortedsets;

import org.chronolith.engine.types.Operands;
import org.chronolith.engine.types.zset.ScoreText;
import org.chronolith.engine.types.zset.ZsetAlgebra;
import org.chronolith.engine.types.zset.ZsetAlgebra.Aggregate;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * What {@code ZUNIONSTORE} and its kin ask for. Keys are looked up before the options behind them
 * are read, as Redis does it, whose errors come in that order.
 */
final class AlgebraRequest {
  /** What makes a sorted set of several. */
  enum Operation {
    UNION,
    INTERSECTION,
    DIFFERENCE
  }

  private static final CommandException WEIGHT_NOT_A_FLOAT =
      new CommandException("ERR weight value is not a float");
  private static final CommandException NEGATIVE_LIMIT =
      new CommandException("ERR LIMIT can't be negative");

  private final Operation operation;
  private final boolean stores;
  private final boolean counts;
  private final Operands operands;
  private Aggregate aggregate = Aggregate.SUM;
  private boolean withScores;
  private long limit;

  private AlgebraRequest(Call call, Operation operation, boolean stores, boolean counts) {
    this.operation = operation;
    this.stores = stores;
    this.counts = counts;
    this.operands = call.dataset().collections().operands();
    int countAt = stores ? 2 : 1;
    options(call, keys(call, countAt));
  }

  static AlgebraRequest storing(Call call, Operation operation) {
    return new AlgebraRequest(call, operation, true, false);
  }

  static AlgebraRequest reading(Call call, Operation operation) {
    return new AlgebraRequest(call, operation, false, false);
  }

  /** The request of {@code ZINTERCARD}. */
  static AlgebraRequest counting(Call call) {
    return new AlgebraRequest(call, Operation.INTERSECTION, false, true);
  }

  /** Reads the keys; answers the index of the word behind them. */
  private int keys(Call call, int countAt) {
    long keys = call.integer(countAt);
    if (keys < 1) {
      throw new CommandException(
          "ERR at least 1 input key is needed for '" + call.spec().fullName() + "' command");
    }
    if (keys > call.argc() - (countAt + 1)) {
      throw CommandException.SYNTAX;
    }
    int behind = countAt + 1 + (int) keys;
    operands.clear();
    for (int i = countAt + 1; i < behind; i++) {
      operands.add(call.db(), call.arg(i), true);
    }
    return behind;
  }

  private void options(Call call, int from) {
    boolean weighs = operation != Operation.DIFFERENCE && !counts;
    int i = from;
    while (i < call.argc()) {
      int left = call.argc() - i;
      if (weighs && left > operands.count() && call.is(i, "weights")) {
        weights(call, i + 1);
        i += 1 + operands.count();
      } else if (weighs && left >= 2 && call.is(i, "aggregate")) {
        aggregate = aggregate(call, i + 1);
        i += 2;
      } else if (!stores && !counts && call.is(i, "withscores")) {
        withScores = true;
        i++;
      } else if (counts && left >= 2 && call.is(i, "limit")) {
        limit = call.integer(i + 1, NEGATIVE_LIMIT);
        if (limit < 0) {
          throw NEGATIVE_LIMIT;
        }
        i += 2;
      } else {
        throw CommandException.SYNTAX;
      }
    }
  }

  private void weights(Call call, int from) {
    for (int i = 0; i < operands.count(); i++) {
      double weight = ScoreText.parse(call.arg(from + i));
      if (Double.isNaN(weight)) {
        throw WEIGHT_NOT_A_FLOAT;
      }
      operands.weight(i, weight);
    }
  }

  private static Aggregate aggregate(Call call, int at) {
    if (call.is(at, "sum")) {
      return Aggregate.SUM;
    }
    if (call.is(at, "min")) {
      return Aggregate.MIN;
    }
    if (call.is(at, "max")) {
      return Aggregate.MAX;
    }
    throw CommandException.SYNTAX;
  }

  Operands operands() {
    return operands;
  }

  boolean withScores() {
    return withScores;
  }

  /** Most members to count, 0 for all. */
  long limit() {
    return limit;
  }

  ZsetValue result(ZsetAlgebra algebra, boolean stored) {
    return switch (operation) {
      case UNION -> algebra.union(operands, aggregate, stored);
      case INTERSECTION -> algebra.intersection(operands, aggregate, stored);
      case DIFFERENCE -> algebra.difference(operands, stored);
    };
  }
}
