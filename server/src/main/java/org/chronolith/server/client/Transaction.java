package org.chronolith.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.server.command.CommandSpec;

/**
 * The commands queued since {@code MULTI}. Their arguments are copied, since requests are views.
 */
public final class Transaction {
  private final List<Queued> commands = new ArrayList<>();
  private boolean aborted;
  private long bytes;

  /** One queued command with its own copy of the arguments. */
  public static final class Queued {
    private final CommandSpec spec;
    private final Slice[] arguments;

    Queued(CommandSpec spec, Slice[] arguments) {
      this.spec = spec;
      this.arguments = arguments;
    }

    public CommandSpec spec() {
      return spec;
    }

    public Slice[] arguments() {
      return arguments;
    }
  }

  /** Appends a command, copying its {@code count} arguments. */
  public void queue(CommandSpec spec, Slice[] arguments, int count) {
    int total = 0;
    for (int i = 0; i < count; i++) {
      total += arguments[i].length();
    }
    ByteBuf copy = Unpooled.buffer(total, Math.max(total, 1));
    Slice[] own = new Slice[count];
    for (int i = 0; i < count; i++) {
      Slice argument = arguments[i];
      own[i] = new Slice(copy, copy.writerIndex(), argument.length());
      copy.writeBytes(argument.buffer(), argument.offset(), argument.length());
    }
    bytes += total;
    commands.add(new Queued(spec, own));
  }

  public List<Queued> commands() {
    return commands;
  }

  /** Bytes of the queued arguments. */
  public long bytes() {
    return bytes;
  }

  /** Whether a command was refused while queueing, so that {@code EXEC} must not run. */
  public boolean aborted() {
    return aborted;
  }

  public void abort() {
    aborted = true;
  }
}
