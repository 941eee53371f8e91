package org.chronolith.server.commands.sets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.types.Operands;
import org.chronolith.engine.types.set.SetAlgebra;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.CountedKeys;
import org.chronolith.server.commands.elements.Elements;
import org.chronolith.server.commands.elements.ResultRoom;

/**
 * SINTER, SUNION, SDIFF, what stores their results, and SINTERCARD. A result depends on nothing but
 * the members of the sets, so that the request as it came is the effect.
 */
public final class SetAlgebraCommands {
  private static final CommandException TOO_MANY_KEYS =
      new CommandException("ERR Number of keys can't be greater than number of args");
  private static final CommandException NEGATIVE_LIMIT =
      new CommandException("ERR LIMIT can't be negative");

  private static final String OF_ALL = "O(N) where N is the number of members of all sets";
  private static final String OF_SMALLEST =
      "O(N*M) where N is the size of the smallest set and M the number of sets";

  private SetAlgebraCommands() {}

  /** What makes a set of several. */
  private enum Operation {
    INTERSECTION {
      @Override
      long resultBytes(Operands sets) {
        long smallest = Long.MAX_VALUE;
        for (int i = 0; i < sets.count(); i++) {
          smallest = Math.min(smallest, sets.bytes(i));
        }
        return smallest;
      }

      @Override
      SetValue of(SetAlgebra algebra, Operands sets) {
        return algebra.intersection(sets);
      }
    },
    UNION {
      @Override
      long resultBytes(Operands sets) {
        long all = 0;
        for (int i = 0; i < sets.count(); i++) {
          all += sets.bytes(i);
        }
        return all;
      }

      @Override
      SetValue of(SetAlgebra algebra, Operands sets) {
        return algebra.union(sets);
      }
    },
    DIFFERENCE {
      @Override
      long resultBytes(Operands sets) {
        return sets.bytes(0);
      }

      @Override
      SetValue of(SetAlgebra algebra, Operands sets) {
        return algebra.difference(sets);
      }
    };

    /** About what the members of the result take, at most. */
    abstract long resultBytes(Operands sets);

    abstract SetValue of(SetAlgebra algebra, Operands sets);

    /** The result of a call's sets, for which there is memory. */
    final SetValue of(Call call, Operands sets) {
      ResultRoom.require(call, resultBytes(sets));
      return of(call.dataset().collections().setAlgebra(), sets);
    }
  }

  public static List<CommandSpec> all() {
    return List.of(
        storing("sinterstore", "Store the members that all sets have")
            .complexity(OF_SMALLEST)
            .handler(call -> store(call, Operation.INTERSECTION))
            .build(),
        storing("sunionstore", "Store the members that any of the sets has")
            .complexity(OF_ALL)
            .handler(call -> store(call, Operation.UNION))
            .build(),
        storing("sdiffstore", "Store the members of the first set that no other has")
            .complexity(OF_ALL)
            .handler(call -> store(call, Operation.DIFFERENCE))
            .build(),
        reading("sinter", "The members that all sets have")
            .complexity(OF_SMALLEST)
            .handler(SetAlgebraCommands::intersection)
            .build(),
        reading("sunion", "The members that any of the sets has")
            .complexity(OF_ALL)
            .handler(call -> reply(call, Operation.UNION))
            .build(),
        reading("sdiff", "The members of the first set that no other has")
            .complexity(OF_ALL)
            .handler(call -> reply(call, Operation.DIFFERENCE))
            .build(),
        CommandSpec.named("sintercard")
            .arity(-3)
            .flags(READONLY)
            .keyCount(1)
            .group(CommandGroup.SET)
            .since("7.0.0")
            .arguments("numkeys key [key ...] [LIMIT limit]")
            .summary("The number of members that all sets have")
            .complexity(OF_SMALLEST)
            .handler(SetAlgebraCommands::intersectionSize)
            .build());
  }

  private static CommandSpec.Builder storing(String name, String summary) {
    return CommandSpec.onKey(
            CommandGroup.SET, name, -3, "1.0.0", "destination key [key ...]", summary)
        .keys(1, -1, 1)
        .flags(WRITE, DENYOOM);
  }

  private static CommandSpec.Builder reading(String name, String summary) {
    return CommandSpec.onKey(CommandGroup.SET, name, -2, "1.0.0", "key [key ...]", summary)
        .keys(1, -1, 1)
        .flags(READONLY);
  }

  private static void store(Call call, Operation operation) {
    SetValue result = operation.of(call, sets(call, 2, call.argc()));
    long size = result.size();
    if (result.storeAs(call.db(), call.arg(1))) {
      call.propagate();
    }
    call.reply().integer(size);
  }

  private static void reply(Call call, Operation operation) {
    SetValue result = operation.of(call, sets(call, 1, call.argc()));
    RespWriter reply = call.reply();
    reply.set(result.size());
    result.forEach((member, nothing) -> Elements.bulk(reply, member));
    result.discard(call.keyspace());
  }

  private static void intersection(Call call) {
    Operands sets = sets(call, 1, call.argc());
    RespWriter reply = call.reply();
    long mark = reply.defer();
    long[] count = new long[1];
    call.dataset()
        .collections()
        .setAlgebra()
        .intersection(
            sets,
            member -> {
              reply.bulk(member.buffer(), member.offset(), member.length());
              count[0]++;
            });
    reply.deferredSet(mark, count[0]);
  }

  private static void intersectionSize(Call call) {
    long keys = CountedKeys.number(call);
    if (keys > call.argc() - 2) {
      throw TOO_MANY_KEYS;
    }
    int behind = (int) keys + 2;
    long limit = 0;
    for (int i = behind; i < call.argc(); i += 2) {
      if (i + 1 == call.argc() || !call.is(i, "limit")) {
        throw CommandException.SYNTAX;
      }
      limit = call.integer(i + 1, NEGATIVE_LIMIT);
      if (limit < 0) {
        throw NEGATIVE_LIMIT;
      }
    }
    Operands sets = sets(call, 2, behind);
    long most = limit == 0 ? Long.MAX_VALUE : limit;
    call.reply().integer(call.dataset().collections().setAlgebra().intersectionSize(sets, most));
  }

  /** The sets that words {@code from} to {@code to} name. */
  private static Operands sets(Call call, int from, int to) {
    Operands sets = call.dataset().collections().operands();
    sets.clear();
    for (int i = from; i < to; i++) {
      sets.add(call.db(), call.arg(i), false);
    }
    return sets;
  }
}
