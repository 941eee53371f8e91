package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.zset.LexRange;
import org.chronolith.engine.types.zset.ScoreRange;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.CountedKeys;
import org.chronolith.server.commands.elements.Elements;
import org.chronolith.server.write.Effects;

/** ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX, ZPOPMIN, ZPOPMAX, ZMPOP. */
public final class SortedSetRemovalCommands {

  private static final String REMOVING = "O(log(N)*M) with M members removed";

  private static final byte[] ZPOPMIN = "ZPOPMIN".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ZPOPMAX = "ZPOPMAX".getBytes(StandardCharsets.US_ASCII);

  private SortedSetRemovalCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        range("zremrangebyrank", "2.0.0", "key start stop", "Remove members in a range of ranks")
            .handler(SortedSetRemovalCommands::removeRanks)
            .build(),
        range("zremrangebyscore", "1.2.0", "key min max", "Remove members in a range of scores")
            .handler(SortedSetRemovalCommands::removeScores)
            .build(),
        range(
                "zremrangebylex",
                "2.8.9",
                "key min max",
                "Remove members in a range of bytes, where scores are equal")
            .handler(SortedSetRemovalCommands::removeLex)
            .build(),
        SortedSetCommands.spec(
                "zpopmin",
                -2,
                "5.0.0",
                "key [count]",
                "Remove and return members with the lowest scores")
            .flags(WRITE, FAST)
            .complexity(REMOVING)
            .handler(call -> pop(call, true))
            .build(),
        SortedSetCommands.spec(
                "zpopmax",
                -2,
                "5.0.0",
                "key [count]",
                "Remove and return members with the highest scores")
            .flags(WRITE, FAST)
            .complexity(REMOVING)
            .handler(call -> pop(call, false))
            .build(),
        CommandSpec.named("zmpop")
            .arity(-4)
            .flags(WRITE)
            .keyCount(1)
            .group(CommandGroup.SORTED_SET)
            .since("7.0.0")
            .arguments("numkeys key [key ...] <MIN | MAX> [COUNT count]")
            .summary("Remove and return members of the first sorted set that has some")
            .complexity("O(K)+O(log(N)*M) with K keys and M members removed")
            .handler(SortedSetRemovalCommands::popFirst)
            .build());
  }

  private static CommandSpec.Builder range(
      String name, String since, String arguments, String summary) {
    return SortedSetCommands.spec(name, 4, since, arguments, summary)
        .flags(WRITE)
        .complexity(REMOVING);
  }

  private static void removeRanks(Call call) {
    long start = call.integer(2);
    long stop = call.integer(3);
    ZsetValue zset = SortedSetCommands.zset(call);
    long size = zset.size();
    long first = Math.max(0, start < 0 ? size + start : start);
    long last = Math.min(size - 1, stop < 0 ? size + stop : stop);
    remove(call, zset, first, last + 1);
  }

  private static void removeScores(Call call) {
    ScoreRange range = RangeRequest.scores(call, 2, 3);
    ZsetValue zset = SortedSetCommands.zset(call);
    remove(call, zset, zset.rankOfFirst(range), zset.rankBehind(range));
  }

  private static void removeLex(Call call) {
    LexRange range = RangeRequest.lex(call, 2, 3);
    ZsetValue zset = SortedSetCommands.zset(call);
    long first = zset.rankOfFirst(range);
    remove(call, zset, first, zset.rankBehind(range, first));
  }

  /** The request as it came is the effect: what it removes depends on members and order only. */
  private static void remove(Call call, ZsetValue zset, long first, long behind) {
    long members = first >= behind ? 0 : behind - first;
    if (members > 0 && members == zset.size()) {
      // Detached at once and freed in slices.
      call.db().delete(call.arg(1));
    } else {
      zset.removeRange(first, members);
      zset.store();
    }
    Elements.propagate(call, members);
    call.reply().integer(members);
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
    take(
        call,
        zset,
        lowest,
        members,
        counted ? MemberReply.array(reply, members, true) : flat(reply, members));
    Elements.propagate(call, members);
  }

  /** Without a count, there are no pairs in RESP3 either. */
  private static MemberReply flat(RespWriter reply, long members) {
    reply.array(members * 2);
    return new MemberReply(reply, true, false);
  }

  private static void popFirst(Call call) {
    int where = CountedKeys.behind(call);
    boolean lowest = call.is(where, "min");
    if (!lowest && !call.is(where, "max")) {
      throw CommandException.SYNTAX;
    }
    long count = CountedKeys.popped(call, where + 1);
    ZsetValue zset = call.dataset().collections().zsets();
    for (int i = 2; i < where; i++) {
      if (zset.find(call.db(), call.arg(i))) {
        popOf(call, zset, call.arg(i), lowest, Math.min(count, zset.size()));
        return;
      }
    }
    call.reply().nullArray();
  }

  /** Propagated as Redis does it: as a pop of the key that was chosen. */
  private static void popOf(Call call, ZsetValue zset, Slice key, boolean lowest, long members) {
    RespWriter reply = call.reply();
    reply.array(2);
    reply.bulk(key.buffer(), key.offset(), key.length());
    take(call, zset, lowest, members, MemberReply.pairs(reply, members));
    Effects effect = call.effect(3);
    if (effect != null) {
      effect.word(lowest ? ZPOPMIN : ZPOPMAX).word(key).word(members);
    }
    call.changes(members - 1);
  }

  private static void take(
      Call call, ZsetValue zset, boolean lowest, long members, MemberReply reply) {
    CollectionTypes collections = call.dataset().collections();
    for (long i = 0; i < members; i++) {
      zset.seek(lowest ? 0 : zset.size() - 1);
      zset.member(collections.element());
      reply.member(collections.element(), zset.score());
      zset.remove(collections.scratch().clear().first(collections.element()));
    }
    zset.store();
  }
}
