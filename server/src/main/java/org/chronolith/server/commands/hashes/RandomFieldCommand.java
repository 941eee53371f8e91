package org.chronolith.server.commands.hashes;

import static org.chronolith.server.command.CommandFlag.READONLY;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.Elements;

/** HRANDFIELD. */
public final class RandomFieldCommand {
  /** Beyond this share of the hash's size, it selects in one walk instead of by lot. */
  private static final long WALK_SHARE = 3;

  private static final CommandException NO_COUNT =
      new CommandException(
          "ERR value is out of range, value must between -9223372036854775807 and"
              + " 9223372036854775807");
  private static final CommandException OUT_OF_RANGE =
      new CommandException("ERR value is out of range");

  private final RandomGenerator random;

  private RandomFieldCommand(RandomGenerator random) {
    this.random = random;
  }

  public static List<CommandSpec> all(RandomGenerator random) {
    return List.of(
        CommandSpec.onKey(
                CommandGroup.HASH,
                "hrandfield",
                -2,
                "6.2.0",
                "key [count [WITHVALUES]]",
                "Random fields of a hash")
            .flags(READONLY)
            .complexity("O(N) where N is the absolute value of the count")
            .handler(new RandomFieldCommand(random)::run)
            .build());
  }

  private void run(Call call) {
    if (call.argc() == 2) {
      one(call);
      return;
    }
    long count = call.integer(2);
    if (count == Long.MIN_VALUE) {
      throw NO_COUNT;
    }
    if (call.argc() > 4 || call.argc() == 4 && !call.is(3, "withvalues")) {
      throw CommandException.SYNTAX;
    }
    boolean withValues = call.argc() == 4;
    if (withValues && Math.abs(count) > Long.MAX_VALUE / 2) {
      throw OUT_OF_RANGE;
    }
    HashValue hash = hash(call);
    RespWriter reply = call.reply();
    long size = hash.size();
    if (size == 0 || count == 0) {
      reply.array(0);
      return;
    }
    long wanted = count < 0 ? -count : Math.min(count, size);
    reply.array(withValues && reply.protocol() == 2 ? wanted * 2 : wanted);
    if (count < 0) {
      withRepeats(call, hash, wanted, withValues);
    } else if (wanted * WALK_SHARE > size) {
      select(hash, wanted, reply, withValues);
    } else {
      drawLots(call, hash, wanted, withValues);
    }
  }

  private void one(Call call) {
    HashValue hash = hash(call);
    if (hash.size() == 0) {
      call.reply().nullBulk();
      return;
    }
    CollectionTypes collections = call.dataset().collections();
    hash.random(random, collections.element(), collections.value());
    Elements.bulk(call.reply(), collections.element());
  }

  private void withRepeats(Call call, HashValue hash, long wanted, boolean withValues) {
    CollectionTypes collections = call.dataset().collections();
    for (long i = 0; i < wanted; i++) {
      hash.random(random, collections.element(), collections.value());
      write(call.reply(), collections.element(), collections.value(), withValues);
    }
  }

  /** Each field is taken with the chance that is left for it: exactly {@code wanted} in the end. */
  private void select(HashValue hash, long wanted, RespWriter reply, boolean withValues) {
    long[] left = {hash.size(), wanted};
    hash.forEach(
        (field, value) -> {
          if (random.nextLong(left[0]) < left[1]) {
            write(reply, field, value, withValues);
            left[1]--;
          }
          left[0]--;
        });
  }

  private void drawLots(Call call, HashValue hash, long wanted, boolean withValues) {
    CollectionTypes collections = call.dataset().collections();
    Set<String> drawn = new HashSet<>();
    while (drawn.size() < wanted) {
      hash.random(random, collections.element(), collections.value());
      if (drawn.add(collections.scratch().clear().first(collections.element()).toString())) {
        write(call.reply(), collections.element(), collections.value(), withValues);
      }
    }
  }

  private static void write(
      RespWriter reply, StoredBytes field, StoredBytes value, boolean withValues) {
    if (withValues && reply.protocol() == 3) {
      reply.array(2);
    }
    Elements.bulk(reply, field);
    if (withValues) {
      Elements.bulk(reply, value);
    }
  }

  private static HashValue hash(Call call) {
    HashValue hash = call.dataset().collections().hashes();
    hash.find(call.db(), call.arg(1));
    return hash;
  }
}
