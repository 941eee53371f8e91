package org.chronolith.server.commands.sets;

import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Numbers;
import org.chronolith.server.commands.elements.Elements;
import org.chronolith.server.write.Effects;

/**
 * SPOP and SRANDMEMBER. What SPOP took is propagated as {@code SREM} of those members, and as
 * {@code DEL} when it asked for at least as many as there were.
 */
public final class RandomMemberCommands {
  /** Around a word of an effect. */
  private static final int WORD_BYTES = 16;

  /**
   * Most that is claimed for members that are not drawn yet. How large they are is a guess from a
   * few of them, which a large one among those multiplies: on a full volume it would be refused.
   */
  private static final long MOST_GUESSED_BYTES = 1 << 20;

  /** More than most members have. */
  private static final long LARGE_MEMBER_BYTES = 64 << 10;

  private static final byte[] SREM = "SREM".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] DEL = "DEL".getBytes(StandardCharsets.US_ASCII);

  /** Beyond this share of the set's size, SRANDMEMBER selects in one walk instead of by lot. */
  private static final long WALK_SHARE = 3;

  private final RandomGenerator random;

  private RandomMemberCommands(RandomGenerator random) {
    this.random = random;
  }

  public static List<CommandSpec> all(RandomGenerator random) {
    RandomMemberCommands commands = new RandomMemberCommands(random);
    return List.of(
        CommandSpec.named("spop")
            .arity(-2)
            .flags(WRITE, FAST)
            .keys(1, 1, 1)
            .group(CommandGroup.SET)
            .since("1.0.0")
            .arguments("key [count]")
            .summary("Remove and return random members")
            .complexity("O(N) where N is the count")
            .effectEstimate(RandomMemberCommands::likelyEffectBytes)
            .handler(commands::pop)
            .build(),
        CommandSpec.named("srandmember")
            .arity(-2)
            .flags(READONLY)
            .keys(1, 1, 1)
            .group(CommandGroup.SET)
            .since("1.0.0")
            .arguments("key [count]")
            .summary("Return random members")
            .complexity("O(N) where N is the absolute value of the count")
            .handler(commands::peek)
            .build());
  }

  private void pop(Call call) {
    if (call.argc() > 3) {
      throw CommandException.SYNTAX;
    }
    boolean counted = call.argc() == 3;
    long count = counted ? Elements.count(call, 2) : 1;
    SetValue set = set(call);
    RespWriter reply = call.reply();
    long size = set.size();
    if (!counted && size == 0) {
      reply.nullBulk();
      return;
    }
    if (counted) {
      reply.set(Math.min(count, size));
      if (count == 0 || size == 0) {
        return;
      }
      if (count >= size) {
        popAll(call, set);
        return;
      }
    }
    popSome(call, set, count);
  }

  private static void popAll(Call call, SetValue set) {
    long size = set.size();
    RespWriter reply = call.reply();
    set.forEach((member, nothing) -> Elements.bulk(reply, member));
    call.db().delete(call.arg(1));
    Effects effect = call.effect(2);
    if (effect != null) {
      effect.word(DEL).word(call.arg(1));
    }
    call.changes(size - 1);
  }

  /**
   * The members' bytes in the log are not known before they are drawn, so room is claimed for about
   * as many first, and for more before a member is taken that needs it. If there is none then, all
   * are put back.
   */
  private void popSome(Call call, SetValue set, long count) {
    StoredBytes drawn = call.dataset().collections().element();
    set.random(random, drawn);
    long claimed = drawn.length() + WORD_BYTES;
    if (count > 1) {
      long setBytes = call.db().memoryBytes(call.db().find(call.arg(1)));
      claimed = Math.max(claimed, likelyBytes(setBytes, set.size(), count));
      set.random(random, drawn);
    }
    call.requireLogRoom(claimed);
    Effects effects = call.runner().effects();
    Effects.Mark before = effects == null ? null : effects.mark();
    // One SREM for all: an effect's header needs its number of words, which is known here.
    Effects effect = call.effect((int) count + 2);
    int from = 0;
    if (effect != null) {
      effect.word(SREM).word(call.arg(1));
      from = effect.unitBytes();
    }
    for (long i = 0; i < count; i++) {
      if (i > 0) {
        set.random(random, drawn);
      }
      if (effect != null) {
        long needed = effect.unitBytes() - from + drawn.length() + WORD_BYTES;
        if (needed > claimed) {
          long more = Math.max(needed - claimed, claimed / 2);
          CommandException refused = call.claimLogRoom(more);
          if (refused != null) {
            putBack(call, set, effect, from, before);
            throw refused;
          }
          claimed += more;
        }
      }
      take(call, set, drawn, effect);
    }
    set.store();
    call.changes(count - 1);
  }

  private static void take(Call call, SetValue set, StoredBytes drawn, Effects effect) {
    Slice member = call.dataset().collections().scratch().clear().first(drawn);
    call.reply().bulk(member.buffer(), member.offset(), member.length());
    if (effect != null) {
      effect.word(member);
    }
    set.remove(member);
  }

  private static void putBack(
      Call call, SetValue set, Effects effect, int from, Effects.Mark before) {
    effect.forEachWord(from, set::add);
    set.store();
    effect.backTo(before);
    call.changes(-1);
  }

  /**
   * What so many members take in the log, if they are like the others; never more than all do, nor
   * much.
   */
  private static long likelyBytes(long setBytes, long size, long count) {
    long members = Math.min(setBytes, setBytes / size * 2 * count);
    return Math.min(MOST_GUESSED_BYTES, members) + WORD_BYTES * count;
  }

  private static long likelyEffectBytes(Database db, Slice[] arguments, boolean exactly) {
    long entry = db.peek(arguments[1]);
    if (entry == 0 || db.type(entry) != ValueType.SET) {
      return 0;
    }
    long count = 1;
    try {
      count = arguments.length < 3 ? 1 : Numbers.integer(arguments[2], CommandException.SYNTAX);
    } catch (CommandException e) {
      // It will be an error.
      return 0;
    }
    long setBytes = db.memoryBytes(entry);
    long size = db.blocks(entry);
    // A small set is in one block.
    long members = Math.max(0, Math.min(count, size > 1 ? size : setBytes));
    long each = Math.max(LARGE_MEMBER_BYTES, 2 * setBytes / size);
    // Without overflow: a set has no more members than bytes.
    long drawn = members > setBytes / each ? setBytes : members * each;
    // No more is looked at than so many members have.
    long bytes = exactly ? Math.min(drawn, db.exactMemoryBytes(entry, drawn)) : drawn;
    return bytes + WORD_BYTES * members;
  }

  private void peek(Call call) {
    if (call.argc() > 3) {
      throw CommandException.SYNTAX;
    }
    if (call.argc() == 2) {
      peekOne(call);
      return;
    }
    long count = call.integer(2);
    if (count == Long.MIN_VALUE) {
      throw new CommandException(
          "ERR value is out of range, value must between -9223372036854775807 and"
              + " 9223372036854775807");
    }
    SetValue set = set(call);
    RespWriter reply = call.reply();
    if (set.size() == 0 || count == 0) {
      reply.array(0);
      return;
    }
    if (count < 0) {
      peekWithRepeats(call, set, -count);
      return;
    }
    long wanted = Math.min(count, set.size());
    reply.array(wanted);
    if (wanted * WALK_SHARE > set.size()) {
      select(set, wanted, reply);
    } else {
      drawLots(call, set, wanted);
    }
  }

  private void peekOne(Call call) {
    SetValue set = set(call);
    if (set.size() == 0) {
      call.reply().nullBulk();
      return;
    }
    StoredBytes member = call.dataset().collections().element();
    set.random(random, member);
    Elements.bulk(call.reply(), member);
  }

  private void peekWithRepeats(Call call, SetValue set, long count) {
    StoredBytes member = call.dataset().collections().element();
    call.reply().array(count);
    for (long i = 0; i < count; i++) {
      set.random(random, member);
      Elements.bulk(call.reply(), member);
    }
  }

  /**
   * Each member is taken with the chance that is left for it: exactly {@code wanted} in the end.
   */
  private void select(SetValue set, long wanted, RespWriter reply) {
    long[] left = {set.size(), wanted};
    set.forEach(
        (member, nothing) -> {
          if (random.nextLong(left[0]) < left[1]) {
            Elements.bulk(reply, member);
            left[1]--;
          }
          left[0]--;
        });
  }

  private void drawLots(Call call, SetValue set, long wanted) {
    CollectionTypes collections = call.dataset().collections();
    Set<String> drawn = new HashSet<>();
    while (drawn.size() < wanted) {
      set.random(random, collections.element());
      if (drawn.add(collections.scratch().clear().first(collections.element()).toString())) {
        Elements.bulk(call.reply(), collections.element());
      }
    }
  }

  private static SetValue set(Call call) {
    SetValue set = call.dataset().collections().sets();
    set.find(call.db(), call.arg(1));
    return set;
  }
}
