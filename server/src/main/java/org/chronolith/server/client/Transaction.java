package org.chronolith.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.server.command.CommandSpec;

/**
 * The commands queued since {@code MULTI}. Their arguments are copied, since requests are views.
 */
public final class Transaction {
  private final List<Queued> commands = new ArrayList<>();
  private boolean aborted;
  private boolean writes;
  private boolean deniedOnOom;
  private String refusal;
  private long bytes;
  private long words;
  private final List<Queued> estimated = new ArrayList<>();

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
    words += count;
    writes |= spec.isWrite();
    deniedOnOom |= spec.isDenyOom();
    Queued queued = new Queued(spec, own);
    commands.add(queued);
    if (spec.effectEstimate() != null) {
      estimated.add(queued);
    }
  }

  public List<Queued> commands() {
    return commands;
  }

  /** Bytes of the queued arguments. */
  public long bytes() {
    return bytes;
  }

  /** Number of the queued arguments, the commands' names included. */
  public long words() {
    return words;
  }

  /** What the queued commands may log beyond their own size, about; they start in {@code db}. */
  public long likelyEffectBytes(Database db) {
    long likely = 0;
    for (Queued queued : estimated) {
      likely += queued.spec().effectEstimate().bytes(db, queued.arguments());
    }
    return likely;
  }

  /** Whether a command was refused while queueing, so that {@code EXEC} must not run. */
  public boolean aborted() {
    return aborted;
  }

  public void abort() {
    aborted = true;
  }

  /** {@code EXEC} itself was refused, with this error. */
  public void abort(String error) {
    aborted = true;
    refusal = error;
  }

  /** Why {@code EXEC} was refused; null if it was not. */
  public String refusal() {
    return refusal;
  }

  /** Whether one of the commands writes. */
  public boolean writes() {
    return writes;
  }

  /** Whether one of the commands may need memory. */
  public boolean deniedOnOom() {
    return deniedOnOom;
  }
}
