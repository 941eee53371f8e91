package org.chronolith.server.commands.bitmaps;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.strings.StringAccess;

/**
 * SETBIT, GETBIT, BITCOUNT, BITPOS: single bits of a string. The first is the highest of a byte.
 */
public final class BitCommands {
  private static final CommandException NOT_A_BIT =
      new CommandException("ERR bit is not an integer or out of range");
  private static final CommandException NOT_ONE_OR_ZERO =
      new CommandException("ERR The bit argument must be 1 or 0.");

  private final BitOffset offsets;
  private final BitScan scan = new BitScan();
  private final ByteBuf oneByte = Unpooled.buffer(1, 1);
  private final Slice one = new Slice(oneByte, 0, 1);
  private final BitRange range = new BitRange();

  /**
   * @param maxStringBytes {@code proto-max-bulk-len}
   */
  public BitCommands(LongSupplier maxStringBytes) {
    offsets = new BitOffset(maxStringBytes);
  }

  public List<CommandSpec> all() {
    return List.of(
        spec("setbit", 4, "2.2.0", "key offset value", "Set or clear a bit of a string")
            .flags(WRITE, DENYOOM)
            .handler(this::set)
            .build(),
        spec("getbit", 3, "2.2.0", "key offset", "A bit of a string")
            .flags(READONLY, FAST)
            .handler(this::get)
            .build(),
        spec(
                "bitcount",
                -2,
                "2.6.0",
                "key [start end [BYTE | BIT]]",
                "Count the bits of a string that are set")
            .flags(READONLY)
            .complexity("O(N) where N is the number of bytes")
            .handler(this::count)
            .build(),
        spec(
                "bitpos",
                -3,
                "2.8.7",
                "key bit [start [end [BYTE | BIT]]]",
                "The first bit of a string that is set, or clear")
            .flags(READONLY)
            .complexity("O(N) where N is the number of bytes")
            .handler(this::position)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.BITMAP, name, arity, since, arguments, summary);
  }

  private void set(Call call) {
    long offset = offsets.read(call, 2);
    long bit = call.integer(3, NOT_A_BIT);
    if (bit < 0 || bit > 1) {
      throw NOT_A_BIT;
    }
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    int length = entry == 0 ? 0 : strings.length(db, entry);
    int index = (int) (offset >> 3);
    int old = index < length ? strings.byteAt(db, entry, index) & 0xFF : 0;
    int mask = 0x80 >> (offset & 7);
    boolean wasSet = (old & mask) != 0;
    // A string that grows has changed, whatever the bit is.
    if (index >= length || wasSet != (bit == 1)) {
      StringAccess.checkRoom(call, index - length);
      if (entry == 0) {
        entry = strings.set(db, call.arg(1), one.set(oneByte, 0, 0), false);
      }
      oneByte.setByte(0, bit == 1 ? old | mask : old & ~mask);
      strings.setRange(db, entry, index, one.set(oneByte, 0, 1));
      call.propagate();
    }
    call.reply().integer(wasSet ? 1 : 0);
  }

  private void get(Call call) {
    long offset = offsets.read(call, 2);
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    Strings strings = call.dataset().strings();
    int index = (int) (offset >> 3);
    boolean inside = entry != 0 && index < strings.length(db, entry);
    int value = inside ? strings.byteAt(db, entry, index) : 0;
    call.reply().integer(value >> (7 - (offset & 7)) & 1);
  }

  private void count(Call call) {
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    if (entry == 0) {
      call.reply().integer(0);
      return;
    }
    Strings strings = call.dataset().strings();
    if (call.argc() == 2) {
      range.all(strings.length(db, entry));
    } else if (call.argc() > 5 || call.argc() == 3) {
      throw CommandException.SYNTAX;
    } else {
      range.startAndEnd(call, 2, strings.length(db, entry));
      if (range.isReversed()) {
        call.reply().integer(0);
        return;
      }
      range.unit(call, 4);
    }
    range.resolve();
    call.reply().integer(scan.count(strings, db, entry, range));
  }

  private void position(Call call) {
    long bit = call.integer(2);
    if (bit != 0 && bit != 1) {
      throw NOT_ONE_OR_ZERO;
    }
    Database db = call.db();
    long entry = StringAccess.find(db, call.arg(1));
    if (entry == 0) {
      // As if it were endless zeros.
      call.reply().integer(bit == 1 ? -1 : 0);
      return;
    }
    Strings strings = call.dataset().strings();
    int length = strings.length(db, entry);
    if (call.argc() > 6) {
      throw CommandException.SYNTAX;
    }
    if (call.argc() == 3) {
      range.all(length);
    } else {
      range.startAndPerhapsEnd(call, 3, length);
    }
    range.resolve();
    long found = range.isEmpty() ? -1 : scan.first(strings, db, entry, range, (int) bit);
    if (found < 0 && bit == 0 && call.argc() < 5 && !range.isEmpty()) {
      // Zeros follow a string whose end nobody has named.
      found = range.lastBit() + 1;
    }
    call.reply().integer(found);
  }
}
