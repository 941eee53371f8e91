package org.chronolith.server.commands.sets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.ElementScan;
import org.chronolith.server.commands.elements.Elements;

/**
 * SADD, SREM, SMOVE, SISMEMBER, SMISMEMBER, SMEMBERS, SCARD, SSCAN; see {@link SetAlgebraCommands}
 * and {@link RandomMemberCommands}.
 */
public final class SetCommands {
  private SetCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec("sadd", -3, "1.0.0", "key member [member ...]", "Add members to a set")
            .flags(WRITE, DENYOOM, FAST)
            .handler(SetCommands::add)
            .build(),
        spec("srem", -3, "1.0.0", "key member [member ...]", "Remove members from a set")
            .flags(WRITE, FAST)
            .handler(SetCommands::remove)
            .build(),
        spec("smove", 4, "1.0.0", "source destination member", "Move a member to another set")
            .keys(1, 2, 1)
            .flags(WRITE, FAST)
            .handler(SetCommands::move)
            .build(),
        spec("sismember", 3, "1.0.0", "key member", "Whether a set has a member")
            .flags(READONLY, FAST)
            .handler(SetCommands::isMember)
            .build(),
        spec("smismember", -3, "6.2.0", "key member [member ...]", "Which members a set has")
            .flags(READONLY, FAST)
            .handler(SetCommands::areMembers)
            .build(),
        spec("smembers", 2, "1.0.0", "key", "All members of a set")
            .flags(READONLY)
            .complexity("O(N) where N is the number of members")
            .handler(SetCommands::members)
            .build(),
        spec("scard", 2, "1.0.0", "key", "The number of members of a set")
            .flags(READONLY, FAST)
            .handler(SetCommands::count)
            .build(),
        spec(
                "sscan",
                -3,
                "2.8.0",
                "key cursor [MATCH pattern] [COUNT count]",
                "Iterate over the members of a set, a few at a time")
            .flags(READONLY)
            .handler(SetCommands::scan)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.SET, name, arity, since, arguments, summary);
  }

  private static void add(Call call) {
    SetValue set = set(call);
    long added = 0;
    for (int i = 2; i < call.argc(); i++) {
      added += set.add(call.arg(i)) ? 1 : 0;
    }
    set.store();
    Elements.propagate(call, added);
    call.reply().integer(added);
  }

  private static void remove(Call call) {
    SetValue set = set(call);
    long removed = 0;
    for (int i = 2; i < call.argc() && set.size() > 0; i++) {
      removed += set.remove(call.arg(i)) ? 1 : 0;
    }
    set.store();
    Elements.propagate(call, removed);
    call.reply().integer(removed);
  }

  private static void move(Call call) {
    Database db = call.db();
    Slice source = call.arg(1);
    Slice destination = call.arg(2);
    Slice member = call.arg(3);
    if (!set(call).contains(member)) {
      if (db.find(source) != 0) {
        checkType(db, destination);
      }
      call.reply().integer(0);
      return;
    }
    checkType(db, destination);
    if (Elements.areEqual(source, destination)) {
      call.reply().integer(1);
      return;
    }
    SetValue set = set(call);
    set.remove(member);
    set.store();
    set.find(db, destination);
    boolean added = set.add(member);
    set.store();
    call.propagate();
    call.changes(added ? 1 : 0);
    call.reply().integer(1);
  }

  private static void checkType(Database db, Slice key) {
    long entry = db.find(key);
    if (entry != 0 && db.type(entry) != ValueType.SET) {
      throw CommandException.WRONG_TYPE;
    }
  }

  private static void isMember(Call call) {
    call.reply().integer(set(call).contains(call.arg(2)) ? 1 : 0);
  }

  private static void areMembers(Call call) {
    SetValue set = set(call);
    call.reply().array(call.argc() - 2L);
    for (int i = 2; i < call.argc(); i++) {
      call.reply().integer(set.contains(call.arg(i)) ? 1 : 0);
    }
  }

  private static void members(Call call) {
    SetValue set = set(call);
    RespWriter reply = call.reply();
    reply.set(set.size());
    set.forEach((member, nothing) -> Elements.bulk(reply, member));
  }

  private static void count(Call call) {
    call.reply().integer(set(call).size());
  }

  private static void scan(Call call) {
    ElementScan scan = ElementScan.parse(call);
    SetValue set = set(call);
    if (set.size() == 0) {
      scan.replyNothing(call);
    } else {
      scan.reply(call, set::scan, null);
    }
  }

  private static SetValue set(Call call) {
    SetValue set = call.dataset().collections().sets();
    set.find(call.db(), call.arg(1));
    return set;
  }
}
