package org.chronolith.server.commands.hashes;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.ElementVisitor;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Numbers;
import org.chronolith.server.commands.elements.ElementScan;
import org.chronolith.server.commands.elements.Elements;
import org.chronolith.server.commands.elements.NumberWord;

/**
 * HSET, HMSET, HSETNX, HGET, HMGET, HDEL, HGETALL, HKEYS, HVALS, HLEN, HSTRLEN, HEXISTS, HINCRBY,
 * HSCAN.
 */
public final class HashCommands {
  private static final CommandException NOT_AN_INTEGER =
      new CommandException("ERR hash value is not an integer");
  private static final CommandException OVERFLOW =
      new CommandException("ERR increment or decrement would overflow");

  private final NumberWord number = new NumberWord();

  private HashCommands() {}

  public static List<CommandSpec> all() {
    HashCommands commands = new HashCommands();
    return List.of(
        spec("hset", -4, "2.0.0", "key field value [field value ...]", "Set fields of a hash")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> set(call, false))
            .build(),
        spec("hmset", -4, "2.0.0", "key field value [field value ...]", "HSET that replies OK")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> set(call, true))
            .build(),
        spec("hsetnx", 4, "2.0.0", "key field value", "Set a field that does not exist")
            .flags(WRITE, DENYOOM, FAST)
            .handler(HashCommands::setIfAbsent)
            .build(),
        spec("hget", 3, "2.0.0", "key field", "The value of a field")
            .flags(READONLY, FAST)
            .handler(HashCommands::get)
            .build(),
        spec("hmget", -3, "2.0.0", "key field [field ...]", "The values of fields")
            .flags(READONLY, FAST)
            .handler(HashCommands::getMany)
            .build(),
        spec("hdel", -3, "2.0.0", "key field [field ...]", "Delete fields")
            .flags(WRITE, FAST)
            .handler(HashCommands::delete)
            .build(),
        spec("hgetall", 2, "2.0.0", "key", "All fields and values of a hash")
            .flags(READONLY)
            .complexity("O(N) where N is the number of fields")
            .handler(HashCommands::getAll)
            .build(),
        spec("hkeys", 2, "2.0.0", "key", "All fields of a hash")
            .flags(READONLY)
            .complexity("O(N) where N is the number of fields")
            .handler(call -> list(call, true))
            .build(),
        spec("hvals", 2, "2.0.0", "key", "All values of a hash")
            .flags(READONLY)
            .complexity("O(N) where N is the number of fields")
            .handler(call -> list(call, false))
            .build(),
        spec("hlen", 2, "2.0.0", "key", "The number of fields")
            .flags(READONLY, FAST)
            .handler(HashCommands::length)
            .build(),
        spec("hstrlen", 3, "3.2.0", "key field", "The length of a field's value")
            .flags(READONLY, FAST)
            .handler(HashCommands::valueLength)
            .build(),
        spec("hexists", 3, "2.0.0", "key field", "Whether a field exists")
            .flags(READONLY, FAST)
            .handler(HashCommands::exists)
            .build(),
        spec("hincrby", 4, "2.0.0", "key field increment", "Add to the integer in a field")
            .flags(WRITE, DENYOOM, FAST)
            .handler(commands::increment)
            .build(),
        spec(
                "hscan",
                -3,
                "2.8.0",
                "key cursor [MATCH pattern] [COUNT count]",
                "Iterate over the fields of a hash, a few at a time")
            .flags(READONLY)
            .handler(HashCommands::scan)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.HASH, name, arity, since, arguments, summary);
  }

  private static void set(Call call, boolean repliesOk) {
    if (call.argc() % 2 == 1) {
      throw Elements.wrongArity(call);
    }
    HashValue hash = hash(call);
    long created = 0;
    for (int i = 2; i < call.argc(); i += 2) {
      created += hash.set(call.arg(i), call.arg(i + 1)) ? 1 : 0;
    }
    hash.store();
    Elements.propagate(call, call.argc() / 2 - 1L);
    if (repliesOk) {
      call.reply().ok();
    } else {
      call.reply().integer(created);
    }
  }

  private static void setIfAbsent(Call call) {
    HashValue hash = hash(call);
    if (hash.contains(call.arg(2))) {
      call.reply().integer(0);
      return;
    }
    hash.set(call.arg(2), call.arg(3));
    hash.store();
    call.propagate();
    call.reply().integer(1);
  }

  private static void get(Call call) {
    replyField(call, hash(call), 2);
  }

  private static void getMany(Call call) {
    HashValue hash = hash(call);
    call.reply().array(call.argc() - 2L);
    for (int i = 2; i < call.argc(); i++) {
      replyField(call, hash, i);
    }
  }

  private static void replyField(Call call, HashValue hash, int argument) {
    StoredBytes value = call.dataset().collections().value();
    if (hash.get(call.arg(argument), value)) {
      Elements.bulk(call.reply(), value);
    } else {
      call.reply().nullBulk();
    }
  }

  private static void delete(Call call) {
    HashValue hash = hash(call);
    long deleted = 0;
    for (int i = 2; i < call.argc() && hash.size() > 0; i++) {
      deleted += hash.remove(call.arg(i)) ? 1 : 0;
    }
    hash.store();
    Elements.propagate(call, deleted);
    call.reply().integer(deleted);
  }

  private static void getAll(Call call) {
    HashValue hash = hash(call);
    RespWriter reply = call.reply();
    reply.map(hash.size());
    ElementVisitor writer =
        (field, value) -> {
          Elements.bulk(reply, field);
          Elements.bulk(reply, value);
        };
    hash.forEach(writer);
  }

  private static void list(Call call, boolean fields) {
    HashValue hash = hash(call);
    RespWriter reply = call.reply();
    reply.array(hash.size());
    hash.forEach((field, value) -> Elements.bulk(reply, fields ? field : value));
  }

  private static void length(Call call) {
    call.reply().integer(hash(call).size());
  }

  private static void valueLength(Call call) {
    StoredBytes value = call.dataset().collections().value();
    boolean there = hash(call).get(call.arg(2), value);
    call.reply().integer(there ? value.length() : 0);
  }

  private static void exists(Call call) {
    call.reply().integer(hash(call).contains(call.arg(2)) ? 1 : 0);
  }

  private void increment(Call call) {
    long increment = call.integer(3);
    CollectionTypes collections = call.dataset().collections();
    HashValue hash = hash(call);
    long old = 0;
    if (hash.get(call.arg(2), collections.value())) {
      if (collections.value().length() > NumberWord.LONGEST) {
        throw NOT_AN_INTEGER;
      }
      old =
          Numbers.integer(collections.scratch().clear().first(collections.value()), NOT_AN_INTEGER);
    }
    long sum = old + increment;
    if (((old ^ sum) & (increment ^ sum)) < 0) {
      throw OVERFLOW;
    }
    hash.set(call.arg(2), number.of(sum));
    hash.store();
    call.propagate();
    call.reply().integer(sum);
  }

  private static void scan(Call call) {
    ElementScan scan = ElementScan.parse(call);
    HashValue hash = hash(call);
    if (hash.size() == 0) {
      scan.replyNothing(call);
    } else {
      scan.reply(call, hash::scan, Elements::bulk);
    }
  }

  private static HashValue hash(Call call) {
    HashValue hash = call.dataset().collections().hashes();
    hash.find(call.db(), call.arg(1));
    return hash;
  }
}
