package org.chronolith.server.commands.sortedsets;

import static org.chronolith.server.command.CommandFlag.READONLY;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.zset.ZsetValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.Elements;

/** ZRANDMEMBER. */
public final class RandomSortedSetMemberCommands {
  private static final CommandException OUT_OF_RANGE =
      new CommandException("ERR value is out of range");
  private static final CommandException NO_NEGATION =
      new CommandException(
          "ERR value is out of range, value must between -9223372036854775807 and"
              + " 9223372036854775807");

  /** Beyond this share of the size, members are selected in one walk instead of by lot. */
  private static final long WALK_SHARE = 3;

  private final RandomGenerator random;

  private RandomSortedSetMemberCommands(RandomGenerator random) {
    this.random = random;
  }

  public static List<CommandSpec> all(RandomGenerator random) {
    RandomSortedSetMemberCommands commands = new RandomSortedSetMemberCommands(random);
    return List.of(
        SortedSetCommands.spec(
                "zrandmember",
                -2,
                "6.2.0",
                "key [count [WITHSCORES]]",
                "Return random members of a sorted set")
            .flags(READONLY)
            .complexity("O(N*log(M)) where N is the absolute value of the count")
            .handler(commands::random)
            .build());
  }

  private void random(Call call) {
    if (call.argc() == 2) {
      one(call);
      return;
    }
    long count = call.integer(2);
    if (count == Long.MIN_VALUE) {
      throw NO_NEGATION;
    }
    boolean withScores = call.argc() == 4 && call.is(3, "withscores");
    if (call.argc() > 3 && !withScores) {
      throw CommandException.SYNTAX;
    }
    if (withScores && Math.abs(count) > Long.MAX_VALUE / 2) {
      throw OUT_OF_RANGE;
    }
    ZsetValue zset = SortedSetCommands.zset(call);
    long members = zset.size() == 0 ? 0 : count < 0 ? -count : Math.min(count, zset.size());
    MemberReply reply = MemberReply.array(call.reply(), members, withScores);
    if (count < 0) {
      repeatedly(call, zset, members, reply);
    } else if (members * WALK_SHARE > zset.size()) {
      select(call, zset, members, reply);
    } else {
      drawLots(call, zset, members, reply);
    }
  }

  private void one(Call call) {
    ZsetValue zset = SortedSetCommands.zset(call);
    if (zset.size() == 0) {
      call.reply().nullBulk();
      return;
    }
    StoredBytes member = call.dataset().collections().element();
    zset.seek(random.nextLong(zset.size()));
    zset.member(member);
    Elements.bulk(call.reply(), member);
  }

  private void repeatedly(Call call, ZsetValue zset, long members, MemberReply reply) {
    for (long i = 0; i < members; i++) {
      show(call, zset, random.nextLong(zset.size()), reply);
    }
  }

  /** Each member is taken with the chance that is left for it: exactly so many in the end. */
  private void select(Call call, ZsetValue zset, long members, MemberReply reply) {
    StoredBytes member = call.dataset().collections().element();
    long wanted = members;
    zset.seek(0);
    for (long left = zset.size(); wanted > 0; left--) {
      if (random.nextLong(left) < wanted) {
        zset.member(member);
        reply.member(member, zset.score());
        wanted--;
      }
      zset.next();
    }
  }

  private void drawLots(Call call, ZsetValue zset, long members, MemberReply reply) {
    Set<Long> drawn = new HashSet<>();
    while (drawn.size() < members) {
      long rank = random.nextLong(zset.size());
      if (drawn.add(rank)) {
        show(call, zset, rank, reply);
      }
    }
  }

  private static void show(Call call, ZsetValue zset, long rank, MemberReply reply) {
    StoredBytes member = call.dataset().collections().element();
    zset.seek(rank);
    zset.member(member);
    reply.member(member, zset.score());
  }
}
