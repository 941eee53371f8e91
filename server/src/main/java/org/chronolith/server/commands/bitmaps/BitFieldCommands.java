package org.chronolith.server.commands.bitmaps;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.READONLY;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.commands.bitmaps.FieldType.Overflow;
import org.chronolith.server.commands.strings.StringAccess;

/** BITFIELD and BITFIELD_RO: several small integers within a string, in one request. */
public final class BitFieldCommands {
  private static final String ARGUMENTS =
      "key [GET encoding offset] [OVERFLOW <WRAP | SAT | FAIL>]"
          + " [SET encoding offset value] [INCRBY encoding offset increment]";
  private static final CommandException INVALID_OVERFLOW =
      new CommandException("ERR Invalid OVERFLOW type specified");
  private static final CommandException ONLY_GET =
      new CommandException("ERR BITFIELD_RO only supports the GET subcommand");
  private static final Slice NOTHING = new Slice(Unpooled.EMPTY_BUFFER, 0, 0);

  private enum Action {
    GET,
    SET,
    INCRBY
  }

  /** One subcommand; {@code operand} is the value or the increment. */
  private record Operation(
      Action action, FieldType type, long offset, long operand, Overflow overflow) {}

  private final BitOffset offsets;
  private final BitField field = new BitField();

  private BitFieldCommands(LongSupplier maxStringBytes) {
    offsets = new BitOffset(maxStringBytes);
  }

  /**
   * @param maxStringBytes {@code proto-max-bulk-len}
   */
  public static List<CommandSpec> all(LongSupplier maxStringBytes) {
    // While a client reads, a loader may apply a stream to another data set: they share nothing.
    BitFieldCommands writer = new BitFieldCommands(maxStringBytes);
    BitFieldCommands reader = new BitFieldCommands(maxStringBytes);
    return List.of(
        CommandSpec.onKey(
                CommandGroup.BITMAP,
                "bitfield",
                -2,
                "3.2.0",
                ARGUMENTS,
                "Read and change integers of any width within a string")
            .flags(WRITE, DENYOOM)
            .complexity("O(1) for each subcommand")
            .handler(call -> writer.run(call, false))
            .build(),
        CommandSpec.onKey(
                CommandGroup.BITMAP,
                "bitfield_ro",
                -2,
                "6.0.0",
                "key [GET encoding offset [GET encoding offset ...]]",
                "Read integers of any width within a string")
            .flags(READONLY, FAST)
            .complexity("O(1) for each subcommand")
            .handler(call -> reader.run(call, true))
            .build());
  }

  private void run(Call call, boolean readOnly) {
    List<Operation> operations = parse(call);
    long bitsWritten = 0;
    for (Operation operation : operations) {
      if (operation.action() != Action.GET) {
        if (readOnly) {
          throw ONLY_GET;
        }
        bitsWritten = Math.max(bitsWritten, operation.offset() + operation.type().bits());
      }
    }
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    int length = entry == 0 ? 0 : strings.length(db, entry);
    int needed = (int) (bitsWritten + 7 >> 3);
    boolean grows = needed > length;
    if (grows) {
      StringAccess.checkRoom(call, needed - length);
      if (entry == 0) {
        entry = strings.set(db, call.arg(1), NOTHING, false);
      }
      entry = strings.setRange(db, entry, needed, NOTHING);
    }
    call.reply().array(operations.size());
    long changes = 0;
    for (Operation operation : operations) {
      changes += apply(call, entry, operation, grows) ? 1 : 0;
    }
    // A string that was made longer for a change that then failed is longer on replicas, too.
    if (changes > 0 || grows) {
      call.propagate();
      call.changes(Math.max(1, changes) - 1);
    }
  }

  private List<Operation> parse(Call call) {
    List<Operation> operations = new ArrayList<>();
    Overflow overflow = Overflow.WRAP;
    for (int i = 2; i < call.argc(); ) {
      int left = call.argc() - i - 1;
      Action action;
      if (call.is(i, "get") && left >= 2) {
        action = Action.GET;
      } else if (call.is(i, "set") && left >= 3) {
        action = Action.SET;
      } else if (call.is(i, "incrby") && left >= 3) {
        action = Action.INCRBY;
      } else if (call.is(i, "overflow") && left >= 1) {
        overflow = overflow(call, i + 1);
        i += 2;
        continue;
      } else {
        throw CommandException.SYNTAX;
      }
      FieldType type = FieldType.of(call.arg(i + 1));
      long offset = offsets.read(call, i + 2, type.bits());
      long operand = action == Action.GET ? 0 : call.integer(i + 3);
      operations.add(new Operation(action, type, offset, operand, overflow));
      i += action == Action.GET ? 3 : 4;
    }
    return operations;
  }

  private static Overflow overflow(Call call, int i) {
    if (call.is(i, "wrap")) {
      return Overflow.WRAP;
    }
    if (call.is(i, "sat")) {
      return Overflow.SAT;
    }
    if (call.is(i, "fail")) {
      return Overflow.FAIL;
    }
    throw INVALID_OVERFLOW;
  }

  /** Runs one subcommand, and tells whether it has changed something. */
  private boolean apply(Call call, long entry, Operation operation, boolean grew) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    FieldType type = operation.type();
    long offset = operation.offset();
    long old = type.valueOf(field.read(strings, db, entry, offset, type.bits()));
    if (operation.action() == Action.GET) {
      call.reply().integer(old);
      return false;
    }
    boolean sets = operation.action() == Action.SET;
    long base = sets ? operation.operand() : old;
    long increment = sets ? 0 : operation.operand();
    boolean over = type.overflows(base, increment);
    boolean under = !over && type.underflows(base, increment);
    if ((over || under) && operation.overflow() == Overflow.FAIL) {
      call.reply().nullBulk();
      return false;
    }
    long value = type.valueOf(base + increment);
    if (operation.overflow() == Overflow.SAT && (over || under)) {
      value = over ? type.max() : type.min();
    }
    field.write(strings, db, entry, offset, type.bits(), value);
    call.reply().integer(sets ? old : value);
    return grew || old != value;
  }
}
