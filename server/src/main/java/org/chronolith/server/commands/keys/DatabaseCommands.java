package org.chronolith.server.commands.keys;

import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/** DBSIZE, FLUSHDB, FLUSHALL, SWAPDB: commands on whole databases. */
public final class DatabaseCommands {
  private static final CommandException FIRST_INDEX =
      new CommandException("ERR invalid first DB index");
  private static final CommandException SECOND_INDEX =
      new CommandException("ERR invalid second DB index");
  private static final CommandException OUT_OF_RANGE =
      new CommandException("ERR DB index is out of range");

  private final Watches watches;

  public DatabaseCommands(Watches watches) {
    this.watches = watches;
  }

  public List<CommandSpec> all() {
    return List.of(
        CommandSpec.named("dbsize")
            .arity(1)
            .flags(READONLY, FAST)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Number of keys in the selected database")
            .handler(call -> call.reply().integer(call.db().size()))
            .build(),
        flush("flushdb", "Remove all keys of the selected database", this::flushDb),
        flush("flushall", "Remove all keys of all databases", this::flushAll),
        CommandSpec.named("swapdb")
            .arity(3)
            .flags(WRITE, FAST)
            .group(CommandGroup.SERVER)
            .since("4.0.0")
            .arguments("index1 index2")
            .complexity("O(1), and O(N) for N watched keys")
            .summary("Swap two databases")
            .handler(this::swapDb)
            .needs(
                call -> {
                  database(call, call.integer(1, FIRST_INDEX));
                  database(call, call.integer(2, SECOND_INDEX));
                })
            .build());
  }

  private static CommandSpec flush(
      String name, String summary, org.chronolith.server.command.Handler handler) {
    return CommandSpec.named(name)
        .arity(-1)
        .flags(WRITE)
        .group(CommandGroup.SERVER)
        .since("1.0.0")
        .arguments("[ASYNC | SYNC]")
        .complexity("O(1): the keys are detached, and freed in slices")
        .summary(summary)
        .handler(handler)
        .build();
  }

  private void flushDb(Call call) {
    checkMode(call);
    touchWatched(call, call.client().db());
    long removed = call.db().flush();
    finishFlush(call, removed);
  }

  private void flushAll(Call call) {
    checkMode(call);
    Keyspace keyspace = call.keyspace();
    long removed = 0;
    for (int i = 0; i < keyspace.databases(); i++) {
      touchWatched(call, i);
      removed += keyspace.database(i).flush();
    }
    finishFlush(call, removed);
  }

  /** As in Redis, the command is propagated even if there was nothing to remove. */
  private static void finishFlush(Call call, long removed) {
    call.propagate();
    call.changes(Math.max(0, removed - 1));
    call.reply().ok();
  }

  private static void checkMode(Call call) {
    if (call.argc() > 2 || call.argc() == 2 && !call.is(1, "async") && !call.is(1, "sync")) {
      throw CommandException.SYNTAX;
    }
  }

  private void swapDb(Call call) {
    long firstIndex = call.integer(1, FIRST_INDEX);
    long secondIndex = call.integer(2, SECOND_INDEX);
    int first = database(call, firstIndex);
    int second = database(call, secondIndex);
    if (first != second) {
      touchWatched(call, first, second);
      touchWatched(call, second, first);
      call.keyspace().swap(first, second);
    }
    call.propagate();
    call.reply().ok();
  }

  private static int database(Call call, long index) {
    if (index < 0 || index >= call.keyspace().databases()) {
      throw OUT_OF_RANGE;
    }
    return (int) index;
  }

  /** Breaks the watches of keys of {@code db} that exist in one of {@code databases} or in it. */
  private void touchWatched(Call call, int db, int... databases) {
    watches.touchedWhere(
        db,
        key -> {
          boolean exists = call.keyspace().database(db).find(key) != 0;
          for (int other : databases) {
            Database database = call.keyspace().database(other);
            exists |= database.find(key) != 0;
          }
          return exists;
        });
  }
}
