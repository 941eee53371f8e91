package org.chronolith.server.commands.strings;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import java.util.List;
import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/** APPEND, SETRANGE, GETRANGE: parts of strings. */
public final class RangeCommands {
  private static final CommandException OFFSET = new CommandException("ERR offset is out of range");
  private static final CommandException TOO_LONG =
      new CommandException("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

  private final LongSupplier maxStringBytes;

  /**
   * @param maxStringBytes {@code proto-max-bulk-len}
   */
  public RangeCommands(LongSupplier maxStringBytes) {
    this.maxStringBytes = maxStringBytes;
  }

  public List<CommandSpec> all() {
    return List.of(
        CommandSpec.named("append")
            .arity(3)
            .flags(WRITE, DENYOOM, FAST)
            .keys(1, 1, 1)
            .group(CommandGroup.STRING)
            .since("2.0.0")
            .arguments("key value")
            .summary("Append to a string, creating it if it is missing")
            .handler(this::append)
            .build(),
        CommandSpec.named("setrange")
            .arity(4)
            .flags(WRITE, DENYOOM)
            .keys(1, 1, 1)
            .group(CommandGroup.STRING)
            .since("2.2.0")
            .arguments("key offset value")
            .complexity("O(N) where N is the length of the value and of a gap before it")
            .summary("Overwrite a part of a string")
            .handler(this::setrange)
            .build(),
        getrange("getrange", "2.4.0"),
        getrange("substr", "1.0.0"));
  }

  private static CommandSpec getrange(String name, String since) {
    return CommandSpec.named(name)
        .arity(4)
        .flags(READONLY)
        .keys(1, 1, 1)
        .group(CommandGroup.STRING)
        .since(since)
        .arguments("key start end")
        .complexity("O(N) where N is the length of the part")
        .summary("A part of a string")
        .handler(RangeCommands::getrange)
        .build();
  }

  private void append(Call call) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    Slice value = call.arg(2);
    if (entry == 0) {
      strings.set(db, call.arg(1), value, false);
      call.propagate();
      call.reply().integer(value.length());
      return;
    }
    long length = (long) strings.length(db, entry) + value.length();
    checkLength(length, call);
    strings.append(db, entry, value);
    call.propagate();
    call.reply().integer(length);
  }

  private void setrange(Call call) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long offset = call.integer(2);
    if (offset < 0) {
      throw OFFSET;
    }
    Slice value = call.arg(3);
    long entry = StringAccess.find(db, call.arg(1));
    int length = entry == 0 ? 0 : strings.length(db, entry);
    if (value.length() == 0) {
      call.reply().integer(length);
      return;
    }
    checkLength(offset > Long.MAX_VALUE - value.length() ? offset : offset + value.length(), call);
    StringAccess.checkRoom(call, offset - length);
    if (entry == 0) {
      entry = strings.set(db, call.arg(1), new Slice(value.buffer(), value.offset(), 0), false);
    }
    entry = strings.setRange(db, entry, (int) offset, value);
    call.propagate();
    call.reply().integer(strings.length(db, entry));
  }

  private void checkLength(long length, Call call) {
    // A master may have let in longer strings; none is beyond what an int counts.
    long most = call.applying() ? Integer.MAX_VALUE - Long.BYTES : maxStringBytes.getAsLong();
    if (length > most) {
      throw TOO_LONG;
    }
  }

  private static void getrange(Call call) {
    long start = call.integer(2);
    long end = call.integer(3);
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    int length = entry == 0 ? 0 : strings.length(db, entry);
    if (start < 0 && end < 0 && start > end) {
      length = 0;
    }
    start = Math.max(0, start < 0 ? start + length : start);
    end = Math.min(length - 1L, Math.max(0, end < 0 ? end + length : end));
    if (length == 0 || start > end) {
      call.reply().bulk("");
      return;
    }
    int bytes = (int) (end - start + 1);
    call.reply().bulkHeader(bytes);
    strings.copyRange(db, entry, (int) start, bytes, call.reply().buffer());
    call.reply().endBulk();
  }
}
