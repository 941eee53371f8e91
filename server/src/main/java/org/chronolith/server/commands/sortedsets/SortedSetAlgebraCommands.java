package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.Operands;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.ResultRoom;

/**
 * ZUNION, ZINTER, ZDIFF, what stores their results, and ZINTERCARD. A result depends on nothing but
 * members and scores, and on the order of the keys, so that the request as it came is the effect.
 */
public final class SortedSetAlgebraCommands {
  private static final String UNION = "O(N)+O(M*log(M)) with N members in all, M in the result";
  private static final String INTERSECTION =
      "O(N*K)+O(M*log(M)) with N members in the smallest of K, M in the result";
  private static final String DIFFERENCE =
      "O(N)+O(M*log(M)) with N members in all, M in the result";

  private SortedSetAlgebraCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        storing("zunionstore", "2.0.0", "Store the members that any has, with their scores")
            .complexity(UNION)
            .handler(call -> store(call, AlgebraRequest.Operation.UNION))
            .build(),
        storing("zinterstore", "2.0.0", "Store the members that all have, with their scores")
            .complexity(INTERSECTION)
            .handler(call -> store(call, AlgebraRequest.Operation.INTERSECTION))
            .build(),
        CommandSpec.onKey(
                CommandGroup.SORTED_SET,
                "zdiffstore",
                -4,
                "6.2.0",
                "destination numkeys key [key ...]",
                "Store the members of the first sorted set that no other has")
            .flags(WRITE, DENYOOM)
            .keyCount(2)
            .complexity(DIFFERENCE)
            .handler(call -> store(call, AlgebraRequest.Operation.DIFFERENCE))
            .build(),
        reading(
                "zunion",
                "6.2.0",
                "numkeys key [key ...] [WEIGHTS weight [weight ...]]"
                    + " [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
                "The members that any has")
            .complexity(UNION)
            .handler(call -> reply(call, AlgebraRequest.Operation.UNION))
            .build(),
        reading(
                "zinter",
                "6.2.0",
                "numkeys key [key ...] [WEIGHTS weight [weight ...]]"
                    + " [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
                "The members that all have")
            .complexity(INTERSECTION)
            .handler(call -> reply(call, AlgebraRequest.Operation.INTERSECTION))
            .build(),
        reading(
                "zdiff",
                "6.2.0",
                "numkeys key [key ...] [WITHSCORES]",
                "The members of the first sorted set that no other has")
            .complexity(DIFFERENCE)
            .handler(call -> reply(call, AlgebraRequest.Operation.DIFFERENCE))
            .build(),
        reading(
                "zintercard",
                "7.0.0",
                "numkeys key [key ...] [LIMIT limit]",
                "The number of members that all have")
            .complexity("O(N*K) with N members in the smallest of K")
            .handler(SortedSetAlgebraCommands::intersectionSize)
            .build());
  }

  private static CommandSpec.Builder storing(String name, String since, String summary) {
    return CommandSpec.onKey(
            CommandGroup.SORTED_SET,
            name,
            -4,
            since,
            "destination numkeys key [key ...] [WEIGHTS weight [weight ...]]"
                + " [AGGREGATE <SUM | MIN | MAX>]",
            summary)
        .flags(WRITE, DENYOOM)
        .keyCount(2);
  }

  private static CommandSpec.Builder reading(
      String name, String since, String arguments, String summary) {
    return CommandSpec.named(name)
        .arity(-3)
        .flags(READONLY)
        .keyCount(1)
        .group(CommandGroup.SORTED_SET)
        .since(since)
        .arguments(arguments)
        .summary(summary);
  }

  private static void store(Call call, AlgebraRequest.Operation operation) {
    AlgebraRequest request = AlgebraRequest.storing(call, operation);
    ZsetValue result = result(call, request, true);
    long size = result.size();
    if (result.storeAs(call.db(), call.arg(1))) {
      call.propagate();
    }
    call.reply().integer(size);
  }

  private static void reply(Call call, AlgebraRequest.Operation operation) {
    AlgebraRequest request = AlgebraRequest.reading(call, operation);
    ZsetValue result = result(call, request, false);
    MemberReply shape = MemberReply.array(call.reply(), result.size(), request.withScores());
    StoredBytes member = call.dataset().collections().element();
    for (boolean there = result.seek(0); there; there = result.next()) {
      result.member(member);
      shape.member(member, result.score());
    }
    result.discard(call.keyspace());
  }

  private static ZsetValue result(Call call, AlgebraRequest request, boolean stored) {
    Operands operands = request.operands();
    long bytes = 0;
    for (int i = 0; i < operands.count(); i++) {
      bytes += operands.bytes(i);
    }
    ResultRoom.require(call, bytes);
    return request.result(call.dataset().collections().zsetAlgebra(), stored);
  }

  private static void intersectionSize(Call call) {
    AlgebraRequest request = AlgebraRequest.counting(call);
    long most = request.limit() == 0 ? Long.MAX_VALUE : request.limit();
    call.reply()
        .integer(
            call.dataset().collections().setAlgebra().intersectionSize(request.operands(), most));
  }
}
