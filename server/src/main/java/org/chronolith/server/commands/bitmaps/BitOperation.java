package org.chronolith.server.commands.bitmaps;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.strings.StringAccess;

/**
 * BITOP. The result is made a window at a time, beside the sources, since it may replace one of
 * them.
 */
public final class BitOperation {
  private static final int WINDOW_BYTES = 64 << 10;
  private static final CommandException ONE_SOURCE =
      new CommandException("ERR BITOP NOT must be called with a single source key.");

  private enum Operator {
    AND,
    OR,
    XOR,
    NOT;

    static Operator of(Call call, int i) {
      for (Operator operator : values()) {
        if (call.is(i, operator.name().toLowerCase(java.util.Locale.ROOT))) {
          return operator;
        }
      }
      throw CommandException.SYNTAX;
    }

    long apply(long left, long right) {
      return switch (this) {
        case AND -> left & right;
        case OR -> left | right;
        case XOR -> left ^ right;
        case NOT -> ~left;
      };
    }
  }

  private final ByteBuf result = Unpooled.buffer(WINDOW_BYTES, WINDOW_BYTES);
  private final ByteBuf operand = Unpooled.buffer(WINDOW_BYTES, WINDOW_BYTES);
  private final Slice window = new Slice();

  public List<CommandSpec> all() {
    return List.of(
        CommandSpec.onKey(
                CommandGroup.BITMAP,
                "bitop",
                -4,
                "2.6.0",
                "<AND | OR | XOR | NOT> destkey key [key ...]",
                "Combine the bits of strings into another one")
            .keys(2, -1, 1)
            .flags(WRITE, DENYOOM)
            .complexity("O(N) where N is the number of bytes of all strings")
            .handler(this::run)
            .build());
  }

  private void run(Call call) {
    Operator operator = Operator.of(call, 1);
    if (operator == Operator.NOT && call.argc() != 4) {
      throw ONE_SOURCE;
    }
    Database db = call.db();
    Strings strings = call.dataset().strings();
    int length = 0;
    for (int i = 3; i < call.argc(); i++) {
      long entry = StringAccess.find(db, call.arg(i));
      length = Math.max(length, entry == 0 ? 0 : strings.length(db, entry));
    }
    if (length == 0) {
      if (db.delete(call.arg(2))) {
        call.propagate();
      }
    } else {
      StringAccess.checkRoom(call, length);
      store(call, operator, length);
      call.propagate();
    }
    call.reply().integer(length);
  }

  private void store(Call call, Operator operator, int length) {
    Strings strings = call.dataset().strings();
    // What has expired is gone since the first look at the sources: their entries stay.
    long[] entries = new long[call.argc() - 3];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = call.db().find(call.arg(i + 3));
    }
    if (length <= Strings.MAX_INLINE_BYTES) {
      combine(call, entries, operator, 0, length);
      strings.set(call.db(), call.arg(2), window.set(result, 0, length), false);
      return;
    }
    strings.begin();
    for (int at = 0; at < length; at += WINDOW_BYTES) {
      int bytes = Math.min(WINDOW_BYTES, length - at);
      combine(call, entries, operator, at, bytes);
      strings.add(window.set(result, 0, bytes));
    }
    strings.give(call.db(), call.arg(2));
  }

  private void combine(Call call, long[] entries, Operator operator, int at, int bytes) {
    read(call, entries[0], at, bytes, result);
    if (operator == Operator.NOT) {
      apply(operator, bytes);
    }
    for (int i = 1; i < entries.length; i++) {
      read(call, entries[i], at, bytes, operand);
      apply(operator, bytes);
    }
  }

  private void apply(Operator operator, int bytes) {
    for (int i = 0; i < bytes; i += Long.BYTES) {
      result.setLong(i, operator.apply(result.getLong(i), operand.getLong(i)));
    }
  }

  /** A window of a source; behind its end are zeros. */
  private static void read(Call call, long entry, int at, int bytes, ByteBuf out) {
    Strings strings = call.dataset().strings();
    int length = entry == 0 ? 0 : strings.length(call.db(), entry);
    int there = Math.max(0, Math.min(bytes, length - at));
    out.clear();
    if (there > 0) {
      strings.copyRange(call.db(), entry, at, there, out);
    }
    out.writeZero(bytes - there);
  }
}
