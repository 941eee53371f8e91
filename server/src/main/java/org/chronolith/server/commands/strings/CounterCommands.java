package org.chronolith.server.commands.strings;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.LongDouble;
import org.chronolith.server.command.Numbers;
import org.chronolith.server.write.Effects;

/** INCR and its like: strings that hold a number. */
public final class CounterCommands {
  private static final byte[] SET = "SET".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_INTEGER = 20;

  /** About the most digits that one result takes in the log. */
  private static final int LONGEST_FLOAT = 400;

  private static final CommandException OVERFLOW =
      new CommandException("ERR increment or decrement would overflow");
  private static final CommandException DECREMENT_OVERFLOW =
      new CommandException("ERR decrement would overflow");

  private final ByteBuf number = Unpooled.buffer(LONGEST_INTEGER + 1);
  private final Slice numberSlice = new Slice();

  public List<CommandSpec> all() {
    return List.of(
        spec("incr", 2, "1.0.0", "key", "Add one to a number", call -> increment(call, 1)),
        spec("decr", 2, "1.0.0", "key", "Subtract one from a number", call -> increment(call, -1)),
        spec(
            "incrby",
            3,
            "1.0.0",
            "key increment",
            "Add to a number",
            call -> increment(call, call.integer(2))),
        spec("decrby", 3, "1.0.0", "key decrement", "Subtract from a number", this::decrement),
        builder("incrbyfloat", 3, "2.6.0", "key increment", "Add to a floating-point number")
            .effectEstimate((db, arguments, exactly) -> LONGEST_FLOAT)
            .handler(this::incrementFloat)
            .build());
  }

  private static CommandSpec spec(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return builder(name, arity, since, arguments, summary).handler(handler).build();
  }

  private static CommandSpec.Builder builder(
      String name, int arity, String since, String arguments, String summary) {
    return CommandSpec.onKey(CommandGroup.STRING, name, arity, since, arguments, summary)
        .flags(WRITE, DENYOOM, FAST);
  }

  private void decrement(Call call) {
    long by = call.integer(2);
    if (by == Long.MIN_VALUE) {
      throw DECREMENT_OVERFLOW;
    }
    increment(call, -by);
  }

  private void increment(Call call, long by) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    long value = 0;
    if (entry != 0) {
      int length = strings.length(db, entry);
      if (length > LONGEST_INTEGER) {
        throw CommandException.NOT_AN_INTEGER;
      }
      strings.copyTo(db, entry, number.clear());
      value = Numbers.integer(numberSlice.set(number, 0, length), CommandException.NOT_AN_INTEGER);
    }
    long sum = value + by;
    if (((value ^ sum) & (by ^ sum)) < 0) {
      throw OVERFLOW;
    }
    strings.set(db, call.arg(1), digits(sum), true);
    call.propagate();
    call.reply().integer(sum);
  }

  /** The decimal digits of {@code value}, valid until the next call. */
  private Slice digits(long value) {
    number.clear();
    long rest = value;
    int start = value < 0 ? 1 : 0;
    int end = start;
    for (long left = value; left <= -10 || left >= 10; left /= 10) {
      end++;
    }
    number.writeZero(end + 1);
    for (int at = end; at >= start; at--) {
      number.setByte(at, '0' + (int) Math.abs(rest % 10));
      rest /= 10;
    }
    if (value < 0) {
      number.setByte(0, '-');
    }
    return numberSlice.set(number, 0, end + 1);
  }

  private void incrementFloat(Call call) {
    Database db = call.db();
    Strings strings = call.dataset().strings();
    long entry = StringAccess.find(db, call.arg(1));
    LongDouble value = LongDouble.ZERO;
    if (entry != 0) {
      int length = strings.length(db, entry);
      if (length > LongDouble.LONGEST) {
        throw CommandException.NOT_A_FLOAT;
      }
      ByteBuf text = Unpooled.buffer(length);
      strings.copyTo(db, entry, text);
      value = LongDouble.read(new Slice(text, 0, length), CommandException.NOT_A_FLOAT);
    }
    LongDouble sum = value.plus(LongDouble.read(call.arg(2), CommandException.NOT_A_FLOAT));
    if (sum.isInfinite()) {
      throw CommandException.NAN_OR_INFINITY;
    }
    byte[] digits = sum.digits();
    // Of few words in a request, a transaction can make very many digits in the log.
    call.requireLogRoom(digits.length);
    Slice result = new Slice(Unpooled.wrappedBuffer(digits), 0, digits.length);
    strings.set(db, call.arg(1), result, true);
    Effects effects = call.effect(4);
    if (effects != null) {
      effects.word(SET).word(call.arg(1)).word(result).word(StringCommands.KEEPTTL);
    }
    call.reply().bulk(digits);
  }
}
