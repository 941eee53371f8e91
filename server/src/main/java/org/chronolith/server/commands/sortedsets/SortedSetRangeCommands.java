package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.Elements;

/** ZRANGE by index, ZREVRANGE, ZPOPMIN, ZPOPMAX. */
public final class SortedSetRangeCommands {
  private static final CommandException LIMIT_WITHOUT_BY =
      new CommandException(
          "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");

  private SortedSetRangeCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        SortedSetCommands.spec(
                "zrange",
                -4,
                "1.2.0",
                "key start stop [REV] [WITHSCORES]",
                "Members of a sorted set by their range of ranks")
            .flags(READONLY)
            .complexity("O(log(N)+M) with M members returned")
            .handler(SortedSetRangeCommands::range)
            .build(),
        SortedSetCommands.spec(
                "zrevrange",
                -4,
                "1.2.0",
                "key start stop [WITHSCORES]",
                "Members of a sorted set by their range of ranks from the end")
            .flags(READONLY)
            .complexity("O(log(N)+M) with M members returned")
            .handler(SortedSetRangeCommands::reverseRange)
            .build(),
        SortedSetCommands.spec(
                "zpopmin",
                -2,
                "5.0.0",
                "key [count]",
                "Remove and return members with the lowest scores")
            .flags(WRITE, FAST)
            .complexity("O(log(N)*M) with M members removed")
            .handler(call -> pop(call, true))
            .build(),
        SortedSetCommands.spec(
                "zpopmax",
                -2,
                "5.0.0",
                "key [count]",
                "Remove and return members with the highest scores")
            .flags(WRITE, FAST)
            .complexity("O(log(N)*M) with M members removed")
            .handler(call -> pop(call, false))
            .build());
  }

  private static void range(Call call) {
    boolean reverse = false;
    boolean withScores = false;
    boolean limited = false;
    for (int i = 4; i < call.argc(); i++) {
      if (call.is(i, "withscores")) {
        withScores = true;
      } else if (call.is(i, "rev")) {
        reverse = true;
      } else if (call.is(i, "limit") && i + 2 < call.argc()) {
        call.integer(i + 1);
        call.integer(i + 2);
        limited = true;
        i += 2;
      } else {
        throw CommandException.SYNTAX;
      }
    }
    if (limited) {
      throw LIMIT_WITHOUT_BY;
    }
    reply(call, reverse, withScores);
  }

  private static void reverseRange(Call call) {
    boolean withScores = false;
    for (int i = 4; i < call.argc(); i++) {
      if (!call.is(i, "withscores")) {
        throw CommandException.SYNTAX;
      }
      withScores = true;
    }
    reply(call, true, withScores);
  }

  private static void reply(Call call, boolean reverse, boolean withScores) {
    long start = call.integer(2);
    long stop = call.integer(3);
    ZsetValue zset = SortedSetCommands.zset(call);
    long size = zset.size();
    long from = Math.max(0, start < 0 ? size + start : start);
    long to = Math.min(size - 1, stop < 0 ? size + stop : stop);
    RespWriter reply = call.reply();
    if (from > to) {
      reply.array(0);
      return;
    }
    long members = to - from + 1;
    boolean pairs = withScores && reply.protocol() == 3;
    reply.array(withScores && !pairs ? members * 2 : members);
    StoredBytes member = call.dataset().collections().element();
    zset.seek(reverse ? size - 1 - from : from);
    for (long i = 0; i < members; i++) {
      if (pairs) {
        reply.array(2);
      }
      zset.member(member);
      Elements.bulk(reply, member);
      if (withScores) {
        reply.doubleValue(zset.score());
      }
      if (reverse) {
        zset.previous();
      } else {
        zset.next();
      }
    }
  }

  private static void pop(Call call, boolean lowest) {
    if (call.argc() > 3) {
      throw CommandException.SYNTAX;
    }
    boolean counted = call.argc() == 3;
    long count = counted ? Elements.count(call, 2) : 1;
    ZsetValue zset = SortedSetCommands.zset(call);
    long members = Math.min(count, zset.size());
    RespWriter reply = call.reply();
    boolean pairs = counted && reply.protocol() == 3;
    reply.array(pairs ? members : members * 2);
    CollectionTypes collections = call.dataset().collections();
    for (long i = 0; i < members; i++) {
      zset.seek(lowest ? 0 : zset.size() - 1);
      zset.member(collections.element());
      if (pairs) {
        reply.array(2);
      }
      Elements.bulk(reply, collections.element());
      reply.doubleValue(zset.score());
      zset.remove(collections.scratch().clear().first(collections.element()));
    }
    zset.store();
    Elements.propagate(call, members);
  }
}
