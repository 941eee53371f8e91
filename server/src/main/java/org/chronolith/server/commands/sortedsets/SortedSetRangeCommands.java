package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.zset.LexRange;
import org.chronolith.engine.types.zset.ScoreRange;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.ResultRoom;

/**
 * ZRANGE and the older commands for each of its forms, ZRANGESTORE, ZCOUNT, ZLEXCOUNT. See {@link
 * SortedSetRemovalCommands}.
 */
public final class SortedSetRangeCommands {
  private static final String LOG_N = "O(log(N))";
  private static final String LOG_N_AND_M = "O(log(N)+M) with M members returned";

  private SortedSetRangeCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        SortedSetCommands.spec(
                "zrangestore",
                -5,
                "6.2.0",
                "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
                "Store a range of a sorted set")
            .keys(1, 2, 1)
            .flags(WRITE, DENYOOM)
            .complexity("O(log(N)+M*log(M)) with M members stored")
            .handler(SortedSetRangeCommands::store)
            .build(),
        range(
            "zrange",
            "1.2.0",
            "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
            "Members of a sorted set by their range of ranks, scores or bytes",
            null,
            false),
        range(
            "zrevrange",
            "1.2.0",
            "key start stop [WITHSCORES]",
            "Members of a sorted set by their range of ranks from the end",
            RangeRequest.By.RANK,
            true),
        range(
            "zrangebyscore",
            "1.0.5",
            "key min max [WITHSCORES] [LIMIT offset count]",
            "Members of a sorted set by their range of scores",
            RangeRequest.By.SCORE,
            false),
        range(
            "zrevrangebyscore",
            "2.2.0",
            "key max min [WITHSCORES] [LIMIT offset count]",
            "Members of a sorted set by their range of scores, from the highest",
            RangeRequest.By.SCORE,
            true),
        range(
            "zrangebylex",
            "2.8.9",
            "key min max [LIMIT offset count]",
            "Members of a sorted set with equal scores by their range of bytes",
            RangeRequest.By.LEX,
            false),
        range(
            "zrevrangebylex",
            "2.8.9",
            "key max min [LIMIT offset count]",
            "Members of a sorted set with equal scores by their range of bytes, from the last",
            RangeRequest.By.LEX,
            true),
        SortedSetCommands.spec(
                "zcount", 4, "2.0.0", "key min max", "The number of members in a range of scores")
            .flags(READONLY, FAST)
            .complexity(LOG_N)
            .handler(SortedSetRangeCommands::countScores)
            .build(),
        SortedSetCommands.spec(
                "zlexcount",
                4,
                "2.8.9",
                "key min max",
                "The number of members in a range of bytes, where scores are equal")
            .flags(READONLY, FAST)
            .complexity(LOG_N)
            .handler(SortedSetRangeCommands::countLex)
            .build());
  }

  /**
   * @param by null if the request says it
   */
  private static CommandSpec range(
      String name,
      String since,
      String arguments,
      String summary,
      RangeRequest.By by,
      boolean reverse) {
    return SortedSetCommands.spec(name, -4, since, arguments, summary)
        .flags(READONLY)
        .complexity(LOG_N_AND_M)
        .handler(
            call ->
                reply(
                    call,
                    by == null
                        ? RangeRequest.any(call, 1, false)
                        : RangeRequest.of(call, by, reverse)))
        .build();
  }

  private static void reply(Call call, RangeRequest request) {
    ZsetValue zset = SortedSetCommands.zset(call);
    request.resolve(zset);
    long members = request.count();
    RespWriter reply = call.reply();
    MemberReply shape = MemberReply.array(reply, members, request.withScores());
    StoredBytes member = call.dataset().collections().element();
    zset.seek(request.first());
    for (long i = 0; i < members; i++) {
      zset.member(member);
      shape.member(member, zset.score());
      step(zset, request.reverse());
    }
  }

  private static void step(ZsetValue zset, boolean reverse) {
    if (reverse) {
      zset.previous();
    } else {
      zset.next();
    }
  }

  private static void store(Call call) {
    RangeRequest request = RangeRequest.any(call, 2, true);
    CollectionTypes collections = call.dataset().collections();
    ZsetValue source = collections.zsets();
    source.find(call.db(), call.arg(2));
    request.resolve(source);
    long members = request.count();
    if (members > 0) {
      long bytes = call.db().memoryBytes(call.db().find(call.arg(2)));
      ResultRoom.require(call, bytes / source.size() * members);
    }
    ZsetValue result = collections.newZset();
    if (request.byRank()) {
      // As in Redis, on which it depends whether a score of -0 stays as it is.
      result.expect(members);
    }
    StoredBytes member = collections.element();
    source.seek(request.first());
    for (long i = 0; i < members; i++) {
      source.member(member);
      result.set(collections.scratch().clear().first(member), source.score());
      step(source, request.reverse());
    }
    if (result.storeAs(call.db(), call.arg(1))) {
      call.propagate();
    }
    call.reply().integer(members);
  }

  private static void countScores(Call call) {
    ScoreRange range = RangeRequest.scores(call, 2, 3);
    ZsetValue zset = SortedSetCommands.zset(call);
    call.reply().integer(Math.max(0, zset.rankBehind(range) - zset.rankOfFirst(range)));
  }

  private static void countLex(Call call) {
    LexRange range = RangeRequest.lex(call, 2, 3);
    ZsetValue zset = SortedSetCommands.zset(call);
    long first = zset.rankOfFirst(range);
    call.reply().integer(zset.rankBehind(range, first) - first);
  }
}
