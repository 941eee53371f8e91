package org.chronolith.server.commands.hashes;

import static org.chronolith.server.command.CommandFlag.DENYOOM;
import static org.chronolith.server.command.CommandFlag.FAST;
import static org.chronolith.server.command.CommandFlag.WRITE;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.types.CollectionTypes;
import org.chronolith.engine.types.hash.HashValue;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.LongDouble;
import org.chronolith.server.write.Effects;

/** HINCRBYFLOAT; its effect is the HSET of what came out, so that no other machine reckons. */
public final class FloatFieldCommand {
  private static final byte[] HSET = "HSET".getBytes(StandardCharsets.US_ASCII);

  /** About the most digits that one result takes in the log. */
  private static final int LONGEST_FLOAT = 400;

  private static final CommandException NOT_A_FLOAT =
      new CommandException("ERR hash value is not a float");
  private static final CommandException INFINITE =
      new CommandException("ERR value is NaN or Infinity");

  private FloatFieldCommand() {}

  public static List<CommandSpec> all() {
    return List.of(
        CommandSpec.onKey(
                CommandGroup.HASH,
                "hincrbyfloat",
                4,
                "2.6.0",
                "key field increment",
                "Add to the floating-point number in a field")
            .flags(WRITE, DENYOOM, FAST)
            .effectEstimate((db, arguments, exactly) -> LONGEST_FLOAT)
            .handler(FloatFieldCommand::increment)
            .build());
  }

  private static void increment(Call call) {
    LongDouble increment = LongDouble.read(call.arg(3), CommandException.NOT_A_FLOAT);
    if (increment.isInfinite()) {
      throw INFINITE;
    }
    CollectionTypes collections = call.dataset().collections();
    HashValue hash = collections.hashes();
    hash.find(call.db(), call.arg(1));
    LongDouble old = LongDouble.ZERO;
    if (hash.get(call.arg(2), collections.value())) {
      if (collections.value().length() > LongDouble.LONGEST) {
        throw NOT_A_FLOAT;
      }
      old = LongDouble.read(collections.scratch().clear().first(collections.value()), NOT_A_FLOAT);
    }
    LongDouble sum = old.plus(increment);
    if (sum.isInfinite()) {
      throw CommandException.NAN_OR_INFINITY;
    }
    byte[] digits = sum.digits();
    call.requireLogRoom(digits.length);
    Slice result = new Slice(Unpooled.wrappedBuffer(digits), 0, digits.length);
    hash.set(call.arg(2), result);
    hash.store();
    Effects effects = call.effect(4);
    if (effects != null) {
      effects.word(HSET).word(call.arg(1)).word(call.arg(2)).word(result);
    }
    call.reply().bulk(digits);
  }
}
