package org.chronolith.server.commands.keys;

import static org.chronolith.server.command.CommandFlag.READONLY;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Random;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.GlobPattern;
import org.chronolith.server.command.ScanCursor;

/** KEYS, SCAN and RANDOMKEY: commands that walk over a database's keys. */
public final class ScanCommands {
  private static final long DEFAULT_COUNT = 10;

  /** As in Redis: empty buckets may not make one SCAN long. */
  private static final long BUCKETS_PER_COUNT = 10;

  /** How often RANDOMKEY tries to find a key that has not expired. */
  private static final int RANDOM_TRIES = 100;

  private final Random random;
  private final ByteBuf key = Unpooled.buffer(64);
  private final Slice keySlice = new Slice();

  public ScanCommands(Random random) {
    this.random = random;
  }

  public List<CommandSpec> all() {
    return List.of(
        CommandSpec.named("keys")
            .arity(2)
            .flags(READONLY)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("pattern")
            .complexity("O(N) where N is the number of keys in the database")
            .summary("All keys that match a pattern")
            .handler(this::keys)
            .build(),
        CommandSpec.named("scan")
            .arity(-2)
            .flags(READONLY)
            .group(CommandGroup.GENERIC)
            .since("2.8.0")
            .arguments("cursor [MATCH pattern] [COUNT count] [TYPE type]")
            .complexity("O(1) for each call, O(N) for a whole iteration")
            .summary("Iterate over the keys, a few at a time")
            .handler(this::scan)
            .build(),
        CommandSpec.named("randomkey")
            .arity(1)
            .flags(READONLY)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .summary("A random key")
            .handler(this::randomKey)
            .build());
  }

  private void keys(Call call) {
    Database db = call.db();
    GlobPattern pattern = new GlobPattern(call.arg(1).toBytes());
    RespWriter reply = call.reply();
    long mark = reply.defer();
    long[] matched = new long[1];
    long cursor = 0;
    do {
      cursor = db.scan(cursor, entry -> matched[0] += emit(db, entry, pattern, -1, reply));
    } while (cursor != 0);
    reply.deferredArray(mark, matched[0]);
  }

  private void scan(Call call) {
    long cursor = ScanCursor.parse(call.arg(1));
    long count = DEFAULT_COUNT;
    GlobPattern pattern = new GlobPattern(new byte[] {'*'});
    int type = -1;
    for (int i = 2; i < call.argc(); i += 2) {
      if (i + 1 == call.argc()) {
        throw CommandException.SYNTAX;
      }
      if (call.is(i, "count")) {
        count = call.integer(i + 1);
        if (count < 1) {
          throw CommandException.SYNTAX;
        }
      } else if (call.is(i, "match")) {
        pattern = new GlobPattern(call.arg(i + 1).toBytes());
      } else if (call.is(i, "type")) {
        type = typeOf(call, i + 1);
      } else {
        throw CommandException.SYNTAX;
      }
    }
    reply(call, cursor, count, pattern, type);
  }

  private void reply(Call call, long start, long count, GlobPattern pattern, int type) {
    Database db = call.db();
    // Walked first, since the next cursor comes before the keys in the reply.
    RespWriter found = RespWriter.inMemory(call.reply().protocol());
    long[] seen = new long[2];
    long cursor = start;
    long buckets = count > Long.MAX_VALUE / BUCKETS_PER_COUNT ? count : count * BUCKETS_PER_COUNT;
    do {
      cursor =
          db.scan(
              cursor,
              entry -> {
                seen[0]++;
                seen[1] += emit(db, entry, pattern, type, found);
              });
    } while (cursor != 0 && --buckets > 0 && seen[0] < count);
    ByteBuf bytes = found.take();
    try {
      call.reply().array(2);
      call.reply().bulk(Long.toUnsignedString(cursor));
      call.reply().array(seen[1]);
      call.reply().raw(bytes, bytes.readerIndex(), bytes.readableBytes());
    } finally {
      bytes.release();
    }
  }

  /** Writes the entry's key if it is wanted; returns 1 if it was, else 0. */
  private int emit(Database db, long entry, GlobPattern pattern, int type, RespWriter out) {
    if (db.isExpired(entry) || type >= 0 && db.type(entry) != type) {
      return 0;
    }
    db.copyKey(entry, key.clear());
    int length = key.readableBytes();
    if (!pattern.matches(keySlice.set(key, 0, length))) {
      return 0;
    }
    out.bulk(key, 0, length);
    return 1;
  }

  /** A type that does not exist matches nothing, as in Redis. */
  private static int typeOf(Call call, int argument) {
    for (int type = ValueType.STRING; type <= ValueType.HASH; type++) {
      if (call.is(argument, ValueType.name(type))) {
        return type;
      }
    }
    return Integer.MAX_VALUE;
  }

  private void randomKey(Call call) {
    Database db = call.db();
    for (int tries = 0; tries < RANDOM_TRIES; tries++) {
      long entry = db.random(random);
      if (entry == 0) {
        break;
      }
      if (!db.isExpired(entry)) {
        db.copyKey(entry, key.clear());
        call.reply().bulk(key, 0, key.readableBytes());
        return;
      }
    }
    call.reply().nullBulk();
  }
}
