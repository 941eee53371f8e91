package org.chronolith.server.commands.keys;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/** DEL, UNLINK, EXISTS, TOUCH, TYPE, RENAME, RENAMENX, COPY, MOVE. */
public final class KeyCommands {
  private static final CommandException SAME_OBJECT =
      new CommandException("ERR source and destination objects are the same");
  private static final CommandException DB_OUT_OF_RANGE =
      new CommandException("ERR DB index is out of range");

  private KeyCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        CommandSpec.named("del")
            .arity(-2)
            .flags(WRITE)
            .keys(1, -1, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key [key ...]")
            .complexity("O(N) where N is the number of keys; large values are freed in slices")
            .summary("Delete keys")
            .handler(KeyCommands::delete)
            .build(),
        CommandSpec.named("unlink")
            .arity(-2)
            .flags(WRITE, FAST)
            .keys(1, -1, 1)
            .group(CommandGroup.GENERIC)
            .since("4.0.0")
            .arguments("key [key ...]")
            .complexity("O(1) for each key; large values are freed in slices")
            .summary("Delete keys; the same as DEL")
            .handler(KeyCommands::delete)
            .build(),
        CommandSpec.named("exists")
            .arity(-2)
            .flags(READONLY, FAST)
            .keys(1, -1, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key [key ...]")
            .complexity("O(N) where N is the number of keys")
            .summary("Count the given keys that exist")
            .handler(KeyCommands::exists)
            .build(),
        CommandSpec.named("touch")
            .arity(-2)
            .flags(READONLY, FAST)
            .keys(1, -1, 1)
            .group(CommandGroup.GENERIC)
            .since("3.2.1")
            .arguments("key [key ...]")
            .complexity("O(N) where N is the number of keys")
            .summary("Count the given keys that exist, as an access to them")
            .handler(KeyCommands::exists)
            .build(),
        CommandSpec.named("type")
            .arity(2)
            .flags(READONLY, FAST)
            .keys(1, 1, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key")
            .summary("The type of a key's value")
            .handler(KeyCommands::type)
            .build(),
        CommandSpec.named("rename")
            .arity(3)
            .flags(WRITE)
            .keys(1, 2, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key newkey")
            .summary("Rename a key, replacing what is there")
            .handler(call -> rename(call, true))
            .build(),
        CommandSpec.named("renamenx")
            .arity(3)
            .flags(WRITE, FAST)
            .keys(1, 2, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key newkey")
            .summary("Rename a key if the new name is free")
            .handler(call -> rename(call, false))
            .build(),
        CommandSpec.named("copy")
            .arity(-3)
            .flags(WRITE, DENYOOM)
            .keys(1, 2, 1)
            .group(CommandGroup.GENERIC)
            .since("6.2.0")
            .arguments("source destination [DB destination-db] [REPLACE]")
            .complexity("O(N) for a collection of N elements")
            .summary("Copy a value to another key")
            .handler(KeyCommands::copy)
            .needs(KeyCommands::copyOptions)
            .build(),
        CommandSpec.named("move")
            .arity(3)
            .flags(WRITE, FAST)
            .keys(1, 1, 1)
            .group(CommandGroup.GENERIC)
            .since("1.0.0")
            .arguments("key db")
            .summary("Move a key to another database")
            .handler(KeyCommands::move)
            .needs(call -> database(call, 2))
            .build());
  }

  private static void delete(Call call) {
    Database db = call.db();
    long deleted = 0;
    for (int i = 1; i < call.argc(); i++) {
      if (db.delete(call.arg(i))) {
        deleted++;
      }
    }
    if (deleted > 0) {
      call.propagate();
      call.changes(deleted - 1);
    }
    call.reply().integer(deleted);
  }

  private static void exists(Call call) {
    Database db = call.db();
    long count = 0;
    for (int i = 1; i < call.argc(); i++) {
      if (db.find(call.arg(i)) != 0) {
        count++;
      }
    }
    call.reply().integer(count);
  }

  private static void type(Call call) {
    Database db = call.db();
    long entry = db.find(call.arg(1));
    call.reply().simple(entry == 0 ? "none" : ValueType.name(db.type(entry)));
  }

  private static void rename(Call call, boolean replace) {
    Database db = call.db();
    Slice source = call.arg(1);
    Slice target = call.arg(2);
    long entry = db.find(source);
    if (entry == 0) {
      throw CommandException.NO_SUCH_KEY;
    }
    if (same(source, target)) {
      reply(call, replace, replace);
      return;
    }
    if (db.find(target) != 0 && !replace) {
      call.reply().integer(0);
      return;
    }
    db.rename(db.find(source), db, target);
    call.propagate();
    reply(call, replace, true);
  }

  private static void reply(Call call, boolean ok, boolean done) {
    if (ok) {
      call.reply().ok();
    } else {
      call.reply().integer(done ? 1 : 0);
    }
  }

  /**
   * @param target null for the database of the source
   */
  private record CopyOptions(Database target, boolean replace) {}

  private static CopyOptions copyOptions(Call call) {
    Database target = null;
    boolean replace = false;
    for (int i = 3; i < call.argc(); i++) {
      if (call.is(i, "replace")) {
        replace = true;
      } else if (call.is(i, "db") && i + 1 < call.argc()) {
        target = database(call, ++i);
      } else {
        throw CommandException.SYNTAX;
      }
    }
    return new CopyOptions(target, replace);
  }

  private static void copy(Call call) {
    Database source = call.db();
    CopyOptions options = copyOptions(call);
    Database target = options.target == null ? source : options.target;
    boolean replace = options.replace;
    if (source == target && same(call.arg(1), call.arg(2))) {
      throw SAME_OBJECT;
    }
    if (source.find(call.arg(1)) == 0 || target.find(call.arg(2)) != 0 && !replace) {
      call.reply().integer(0);
      return;
    }
    source.copy(source.find(call.arg(1)), target, call.arg(2));
    call.propagate();
    call.reply().integer(1);
  }

  private static void move(Call call) {
    Database source = call.db();
    Database target = database(call, 2);
    if (source == target) {
      throw SAME_OBJECT;
    }
    if (source.find(call.arg(1)) == 0 || target.find(call.arg(1)) != 0) {
      call.reply().integer(0);
      return;
    }
    source.rename(source.find(call.arg(1)), target, call.arg(1));
    call.propagate();
    call.reply().integer(1);
  }

  private static Database database(Call call, int argument) {
    long index = call.integer(argument);
    if (index < 0 || index >= call.keyspace().databases()) {
      throw DB_OUT_OF_RANGE;
    }
    return call.keyspace().database((int) index);
  }

  private static boolean same(Slice a, Slice b) {
    if (a.length() != b.length()) {
      return false;
    }
    for (int i = 0; i < a.length(); i++) {
      if (a.get(i) != b.get(i)) {
        return false;
      }
    }
    return true;
  }
}
