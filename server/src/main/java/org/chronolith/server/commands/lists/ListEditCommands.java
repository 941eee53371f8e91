package org.chronolith.server.commands.lists;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.Elements;

/** LSET, LINSERT, LREM, LTRIM, LPOS: elements within a list. */
public final class ListEditCommands {
  private ListEditCommands() {}

  public static List<CommandSpec> all() {
    return List.of(
        spec("lset", 4, "1.0.0", "key index element", "Set an element of a list by its index")
            .flags(WRITE, DENYOOM)
            .complexity("O(N) where N is the number of blocks up to the element")
            .handler(ListEditCommands::set)
            .build(),
        spec(
                "linsert",
                5,
                "2.2.0",
                "key <BEFORE | AFTER> pivot element",
                "Insert an element before or after another one")
            .flags(WRITE, DENYOOM)
            .complexity("O(N) where N is the number of elements up to the pivot")
            .handler(ListEditCommands::insert)
            .build(),
        spec("lrem", 4, "1.0.0", "key count element", "Remove elements that are equal to one")
            .flags(WRITE)
            .complexity("O(N) where N is the length of the list")
            .handler(ListEditCommands::remove)
            .build(),
        spec("ltrim", 4, "1.0.0", "key start stop", "Remove all elements outside a range")
            .flags(WRITE)
            .complexity("O(N) where N is the number of blocks removed")
            .handler(ListEditCommands::trim)
            .build(),
        spec(
                "lpos",
                -3,
                "6.0.6",
                "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
                "Indexes of the elements that are equal to one")
            .flags(READONLY)
            .complexity("O(N) where N is the number of elements compared")
            .handler(new ListPosition()::run)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.LIST, name, arity, since, arguments, summary);
  }

  private static void set(Call call) {
    ListValue list = list(call);
    if (list.size() == 0) {
      throw CommandException.NO_SUCH_KEY;
    }
    long index = call.integer(2);
    if (!list.seek(index < 0 ? list.size() + index : index)) {
      throw CommandException.INDEX_OUT_OF_RANGE;
    }
    list.replace(call.arg(3));
    list.store();
    call.propagate();
    call.reply().ok();
  }

  private static void insert(Call call) {
    boolean before = call.is(2, "before");
    if (!before && !call.is(2, "after")) {
      throw CommandException.SYNTAX;
    }
    ListValue list = list(call);
    if (list.size() == 0) {
      call.reply().integer(0);
      return;
    }
    Slice pivot = call.arg(3);
    boolean there = list.seek(0);
    while (there && !list.matches(pivot)) {
      there = list.next();
    }
    if (!there) {
      call.reply().integer(-1);
      return;
    }
    if (before) {
      list.insertBefore(call.arg(4));
    } else {
      list.insertAfter(call.arg(4));
    }
    list.store();
    call.propagate();
    call.reply().integer(list.size());
  }

  private static void remove(Call call) {
    long count = call.integer(2);
    ListValue list = list(call);
    // The least integer has no positive counterpart; no list is that long.
    long most = count == 0 || count == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(count);
    long removed = count < 0 ? removeFromEnd(list, call.arg(3), most) : 0;
    if (count >= 0) {
      boolean there = list.seek(0);
      while (there && removed < most) {
        if (list.matches(call.arg(3))) {
          there = list.remove();
          removed++;
        } else {
          there = list.next();
        }
      }
    }
    list.store();
    Elements.propagate(call, removed);
    call.reply().integer(removed);
  }

  private static long removeFromEnd(ListValue list, Slice element, long most) {
    long removed = 0;
    boolean there = list.seek(list.size() - 1);
    while (there && removed < most) {
      if (list.matches(element)) {
        removed++;
        boolean hasAfter = list.remove();
        there = hasAfter ? list.previous() : list.seek(list.size() - 1);
      } else {
        there = list.previous();
      }
    }
    return removed;
  }

  private static void trim(Call call) {
    long start = call.integer(2);
    long stop = call.integer(3);
    ListValue list = list(call);
    long size = list.size();
    long from = Math.max(0, start < 0 ? size + start : start);
    long to = Math.min(size - 1, stop < 0 ? size + stop : stop);
    long removed;
    if (from > to) {
      removed = size;
      // Whole, so that a long one is freed in slices.
      call.db().delete(call.arg(1));
    } else {
      removed = size - (to - from + 1);
      if (to < size - 1) {
        list.removeLast(size - 1 - to);
      }
      if (from > 0) {
        list.removeFirst(from);
      }
      list.store();
    }
    Elements.propagate(call, removed);
    call.reply().ok();
  }

  private static ListValue list(Call call) {
    ListValue list = call.dataset().collections().lists();
    list.find(call.db(), call.arg(1));
    return list;
  }
}
