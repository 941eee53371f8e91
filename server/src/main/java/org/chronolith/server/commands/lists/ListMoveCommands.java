package org.chronolith.server.commands.lists;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.MOVABLEKEYS;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.list.ListValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.elements.CountedKeys;
import org.chronolith.server.write.Effects;

/** LMOVE, RPOPLPUSH, LMPOP: commands on several lists. */
public final class ListMoveCommands {
  private static final byte[] LPOP = "LPOP".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] RPOP = "RPOP".getBytes(StandardCharsets.US_ASCII);

  private final Slice moved = new Slice();

  private ListMoveCommands() {}

  public static List<CommandSpec> all() {
    ListMoveCommands commands = new ListMoveCommands();
    return List.of(
        CommandSpec.onKey(
                CommandGroup.LIST,
                "lmove",
                5,
                "6.2.0",
                "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
                "Move an element from one end of a list to an end of another")
            .keys(1, 2, 1)
            .flags(WRITE, DENYOOM)
            .handler(call -> commands.move(call, isLeft(call, 3), isLeft(call, 4)))
            .build(),
        CommandSpec.onKey(
                CommandGroup.LIST,
                "rpoplpush",
                3,
                "1.2.0",
                "source destination",
                "Move the last element of a list before the first of another")
            .keys(1, 2, 1)
            .flags(WRITE, DENYOOM)
            .handler(call -> commands.move(call, false, true))
            .build(),
        CommandSpec.named("lmpop")
            .arity(-4)
            .keyCount(1)
            .group(CommandGroup.LIST)
            .since("7.0.0")
            .arguments("numkeys key [key ...] <LEFT | RIGHT> [COUNT count]")
            .summary("Remove and return elements of the first list that has any")
            .complexity("O(N+M): N keys, M elements returned")
            .flags(WRITE, MOVABLEKEYS)
            .handler(ListMoveCommands::popFirstThere)
            .build());
  }

  private static boolean isLeft(Call call, int i) {
    if (call.is(i, "left")) {
      return true;
    }
    if (call.is(i, "right")) {
      return false;
    }
    throw CommandException.SYNTAX;
  }

  private void move(Call call, boolean fromLeft, boolean toLeft) {
    Database db = call.db();
    ListValue list = call.dataset().collections().lists();
    if (!list.find(db, call.arg(1))) {
      call.reply().nullBulk();
      return;
    }
    // Its type is an error before anything changes.
    list.find(db, call.arg(2));
    boolean rotates = db.find(call.arg(1)) == db.find(call.arg(2));
    list.find(db, call.arg(1));
    Slice element = replyElement(call, list, fromLeft);
    if (fromLeft) {
      list.removeFirst(1);
    } else {
      list.removeLast(1);
    }
    if (!rotates) {
      list.store();
      list.find(db, call.arg(2));
    }
    if (toLeft) {
      list.pushFirst(element);
    } else {
      list.pushLast(element);
    }
    list.store();
    call.propagate();
  }

  /** Replies with an element; the slice is of the reply, and holds until more is written there. */
  private Slice replyElement(Call call, ListValue list, boolean first) {
    list.seek(first ? 0 : list.size() - 1);
    StoredBytes out = call.dataset().collections().element();
    list.element(out);
    RespWriter reply = call.reply();
    reply.bulkHeader(out.length());
    ByteBuf buffer = reply.buffer();
    moved.set(buffer, buffer.writerIndex(), out.length());
    out.copyTo(buffer);
    reply.endBulk();
    return moved;
  }

  private static void popFirstThere(Call call) {
    int where = CountedKeys.behind(call);
    boolean first = isLeft(call, where);
    long count = CountedKeys.popped(call, where + 1);
    ListValue list = call.dataset().collections().lists();
    for (int i = 2; i < where; i++) {
      if (list.find(call.db(), call.arg(i))) {
        pop(call, list, call.arg(i), first, Math.min(count, list.size()));
        return;
      }
    }
    call.reply().nullArray();
  }

  private static void pop(Call call, ListValue list, Slice key, boolean first, long taken) {
    call.reply().array(2);
    call.reply().bulk(key.buffer(), key.offset(), key.length());
    call.reply().array(taken);
    ListCommands.take(call, list, first, taken);
    Effects effects = call.effect(3);
    if (effects != null) {
      effects.word(first ? LPOP : RPOP).word(key).word(taken);
    }
    call.changes(taken - 1);
  }
}
