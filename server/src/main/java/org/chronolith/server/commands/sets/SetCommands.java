package org.chronolith.server.commands.sets;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.types.set.SetValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.ElementScan;
import org.chronolith.server.commands.elements.Elements;

/** SADD, SREM, SISMEMBER, SMISMEMBER, SMEMBERS, SCARD, SSCAN; see {@link RandomMemberCommands}. */
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
