package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.types.zset.ScoreText;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.ElementScan;
import org.chronolith.server.commands.elements.Elements;

/**
 * ZADD, ZINCRBY, ZREM, ZSCORE, ZMSCORE, ZCARD, ZRANK, ZREVRANK, ZSCAN; see {@link
 * SortedSetRangeCommands}, {@link SortedSetRemovalCommands}, {@link SortedSetAlgebraCommands} and
 * {@link RandomSortedSetMemberCommands}.
 */
public final class SortedSetCommands {
  private static final CommandException NOT_A_NUMBER =
      new CommandException("ERR resulting score is not a number (NaN)");

  private static final double MAX_WHOLE_SCORE = Long.MAX_VALUE / 2.0;

  private SortedSetCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec(
                "zadd",
                -4,
                "1.2.0",
                "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
                "Add members to a sorted set, or change their scores")
            .flags(WRITE, DENYOOM, FAST)
            .complexity("O(log(N)) for each member")
            .handler(call -> add(call, AddOptions.parse(call)))
            .build(),
        spec("zincrby", 4, "1.2.0", "key increment member", "Add to the score of a member")
            .flags(WRITE, DENYOOM, FAST)
            .complexity("O(log(N))")
            .handler(call -> add(call, AddOptions.INCREMENT))
            .build(),
        spec("zrem", -3, "1.2.0", "key member [member ...]", "Remove members of a sorted set")
            .flags(WRITE, FAST)
            .complexity("O(log(N)) for each member")
            .handler(SortedSetCommands::remove)
            .build(),
        spec("zscore", 3, "1.2.0", "key member", "The score of a member")
            .flags(READONLY, FAST)
            .handler(SortedSetCommands::score)
            .build(),
        spec("zmscore", -3, "6.2.0", "key member [member ...]", "The scores of members")
            .flags(READONLY, FAST)
            .handler(SortedSetCommands::scores)
            .build(),
        spec("zcard", 2, "1.2.0", "key", "The number of members of a sorted set")
            .flags(READONLY, FAST)
            .handler(SortedSetCommands::count)
            .build(),
        spec("zrank", 3, "2.0.0", "key member", "How many members come before this one")
            .flags(READONLY, FAST)
            .complexity("O(log(N))")
            .handler(call -> rank(call, false))
            .build(),
        spec("zrevrank", 3, "2.0.0", "key member", "How many members come after this one")
            .flags(READONLY, FAST)
            .complexity("O(log(N))")
            .handler(call -> rank(call, true))
            .build(),
        spec(
                "zscan",
                -3,
                "2.8.0",
                "key cursor [MATCH pattern] [COUNT count]",
                "Iterate over the members of a sorted set, a few at a time")
            .flags(READONLY)
            .handler(SortedSetCommands::scan)
            .build());
  }

  static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.SORTED_SET, name, arity, since, arguments, summary);
  }

  private static void add(Call call, AddOptions options) {
    int first = options.firstScore();
    // All scores are read before the first change: an error must leave nothing behind.
    for (int i = first; i < call.argc(); i += 2) {
      scoreAt(call, i);
    }
    ZsetValue zset = zset(call);
    if (options.increments()) {
      increment(call, zset, options);
      return;
    }
    long added = 0;
    long updated = 0;
    for (int i = first; i < call.argc(); i += 2) {
      double score = scoreAt(call, i);
      double old = zset.score(call.arg(i + 1));
      if (Double.isNaN(old)) {
        if (!options.onlyThere()) {
          zset.set(call.arg(i + 1), score);
          added++;
        }
      } else if (old != score && options.allows(old, score)) {
        zset.set(call.arg(i + 1), score);
        updated++;
      }
    }
    zset.store();
    Elements.propagate(call, added + updated);
    call.reply().integer(options.countsChanged() ? added + updated : added);
  }

  private static void increment(Call call, ZsetValue zset, AddOptions options) {
    int at = options.firstScore();
    double score = scoreAt(call, at);
    double old = zset.score(call.arg(at + 1));
    boolean there = !Double.isNaN(old);
    if (there ? options.onlyNew() : options.onlyThere()) {
      call.reply().nullBulk();
      return;
    }
    if (there) {
      score += old;
      if (Double.isNaN(score)) {
        throw NOT_A_NUMBER;
      }
      if (!options.allows(old, score)) {
        call.reply().nullBulk();
        return;
      }
    }
    if (!there || score != old) {
      zset.set(call.arg(at + 1), score);
      zset.store();
      call.propagate();
    }
    call.reply().doubleValue(score);
  }

  private static double scoreAt(Call call, int i) {
    double score = ScoreText.parse(call.arg(i));
    if (Double.isNaN(score)) {
      throw CommandException.NOT_A_FLOAT;
    }
    return score;
  }

  private static void remove(Call call) {
    ZsetValue zset = zset(call);
    long removed = 0;
    for (int i = 2; i < call.argc() && zset.size() > 0; i++) {
      removed += zset.remove(call.arg(i)) ? 1 : 0;
    }
    zset.store();
    Elements.propagate(call, removed);
    call.reply().integer(removed);
  }

  private static void score(Call call) {
    replyScore(call.reply(), zset(call).score(call.arg(2)));
  }

  private static void scores(Call call) {
    ZsetValue zset = zset(call);
    call.reply().array(call.argc() - 2L);
    for (int i = 2; i < call.argc(); i++) {
      replyScore(call.reply(), zset.score(call.arg(i)));
    }
  }

  private static void replyScore(RespWriter reply, double score) {
    if (Double.isNaN(score)) {
      reply.nullBulk();
    } else {
      reply.doubleValue(score);
    }
  }

  private static void count(Call call) {
    call.reply().integer(zset(call).size());
  }

  private static void rank(Call call, boolean reverse) {
    ZsetValue zset = zset(call);
    long rank = zset.rank(call.arg(2));
    if (rank < 0) {
      call.reply().nullBulk();
    } else {
      call.reply().integer(reverse ? zset.size() - 1 - rank : rank);
    }
  }

  private static void scan(Call call) {
    ElementScan scan = ElementScan.parse(call);
    ZsetValue zset = zset(call);
    if (zset.size() == 0) {
      scan.replyNothing(call);
    } else {
      scan.reply(call, zset::scan, (reply, value) -> replyScanned(reply, zset, zset.score(value)));
    }
  }

  /** Redis's small sorted sets hold whole scores as integers, and ZSCAN shows them as such. */
  private static void replyScanned(RespWriter reply, ZsetValue zset, double score) {
    if (!zset.isLarge() && score == Math.rint(score) && Math.abs(score) < MAX_WHOLE_SCORE) {
      reply.bulk((long) score);
    } else {
      reply.bulk(ScoreText.format(score));
    }
  }

  static ZsetValue zset(Call call) {
    ZsetValue zset = call.dataset().collections().zsets();
    zset.find(call.db(), call.arg(1));
    return zset;
  }
}
