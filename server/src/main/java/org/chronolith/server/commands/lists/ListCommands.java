package org.chronolith.server.commands.lists;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.Elements;

/** LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LLEN, LRANGE, LINDEX. */
public final class ListCommands {
  private ListCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec(
                "lpush",
                -3,
                "1.0.0",
                "key element [element ...]",
                "Add elements before a list's first")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> push(call, true, false))
            .build(),
        spec("rpush", -3, "1.0.0", "key element [element ...]", "Add elements after a list's last")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> push(call, false, false))
            .build(),
        spec("lpushx", -3, "2.2.0", "key element [element ...]", "LPUSH, if the list exists")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> push(call, true, true))
            .build(),
        spec("rpushx", -3, "2.2.0", "key element [element ...]", "RPUSH, if the list exists")
            .flags(WRITE, DENYOOM, FAST)
            .handler(call -> push(call, false, true))
            .build(),
        spec("lpop", -2, "1.0.0", "key [count]", "Remove and return a list's first elements")
            .flags(WRITE, FAST)
            .handler(call -> pop(call, true))
            .build(),
        spec("rpop", -2, "1.0.0", "key [count]", "Remove and return a list's last elements")
            .flags(WRITE, FAST)
            .handler(call -> pop(call, false))
            .build(),
        spec("llen", 2, "1.0.0", "key", "The length of a list")
            .flags(READONLY, FAST)
            .handler(ListCommands::length)
            .build(),
        spec("lrange", 4, "1.0.0", "key start stop", "Elements of a list by their range of indexes")
            .flags(READONLY)
            .complexity("O(S+N): S blocks up to the start, N elements returned")
            .handler(ListCommands::range)
            .build(),
        spec("lindex", 3, "1.0.0", "key index", "An element of a list by its index")
            .flags(READONLY)
            .complexity("O(N) where N is the number of blocks up to the element")
            .handler(ListCommands::index)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.LIST, name, arity, since, arguments, summary);
  }

  private static void push(Call call, boolean first, boolean onlyIfThere) {
    ListValue list = call.dataset().collections().lists();
    if (!list.find(call.db(), call.arg(1)) && onlyIfThere) {
      call.reply().integer(0);
      return;
    }
    for (int i = 2; i < call.argc(); i++) {
      if (first) {
        list.pushFirst(call.arg(i));
      } else {
        list.pushLast(call.arg(i));
      }
    }
    list.store();
    Elements.propagate(call, call.argc() - 2L);
    call.reply().integer(list.size());
  }

  private static void pop(Call call, boolean first) {
    if (call.argc() > 3) {
      throw Elements.wrongArity(call);
    }
    boolean counted = call.argc() == 3;
    long wanted = counted ? Elements.count(call, 2) : 1;
    ListValue list = call.dataset().collections().lists();
    RespWriter reply = call.reply();
    if (!list.find(call.db(), call.arg(1))) {
      if (counted) {
        reply.nullArray();
      } else {
        reply.nullBulk();
      }
      return;
    }
    long taken = Math.min(wanted, list.size());
    if (counted) {
      reply.array(taken);
    }
    if (taken == 0) {
      return;
    }
    take(call, list, first, taken);
    Elements.propagate(call, taken);
  }

  /** Replies with so many elements from an end of the list, and removes them. */
  static void take(Call call, ListValue list, boolean first, long taken) {
    StoredBytes out = call.dataset().collections().element();
    list.seek(first ? 0 : list.size() - 1);
    for (long i = 0; i < taken; i++) {
      list.element(out);
      Elements.bulk(call.reply(), out);
      if (first) {
        list.next();
      } else {
        list.previous();
      }
    }
    if (first) {
      list.removeFirst(taken);
    } else {
      list.removeLast(taken);
    }
    list.store();
  }

  private static void length(Call call) {
    ListValue list = call.dataset().collections().lists();
    list.find(call.db(), call.arg(1));
    call.reply().integer(list.size());
  }

  private static void range(Call call) {
    long start = call.integer(2);
    long stop = call.integer(3);
    ListValue list = call.dataset().collections().lists();
    list.find(call.db(), call.arg(1));
    long size = list.size();
    long from = Math.max(0, start < 0 ? size + start : start);
    long to = Math.min(size - 1, stop < 0 ? size + stop : stop);
    if (from > to) {
      call.reply().array(0);
      return;
    }
    RespWriter reply = call.reply();
    reply.array(to - from + 1);
    StoredBytes out = call.dataset().collections().element();
    list.seek(from);
    for (long i = from; i <= to; i++) {
      list.element(out);
      Elements.bulk(reply, out);
      list.next();
    }
  }

  private static void index(Call call) {
    ListValue list = call.dataset().collections().lists();
    if (!list.find(call.db(), call.arg(1))) {
      call.reply().nullBulk();
      return;
    }
    long index = call.integer(2);
    StoredBytes out = call.dataset().collections().element();
    if (list.seek(index < 0 ? list.size() + index : index)) {
      list.element(out);
      Elements.bulk(call.reply(), out);
    } else {
      call.reply().nullBulk();
    }
  }
}
