package org.chronolith.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.EffectEstimate;
import org.chronolith.server.command.Numbers;

/**
 * The commands queued since {@code MULTI}. Their arguments are copied, since requests are views.
 */
public final class Transaction {
  private final List<Queued> commands = new ArrayList<>();
  private boolean aborted;
  private boolean writes;
  private boolean relays;
  private boolean deniedOnOom;
  private String refusal;
  private long bytes;
  private long words;

  /** Those whose effects are estimated, and each SELECT, in their order. */
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
    relays |= spec.mayRelay();
    deniedOnOom |= spec.isDenyOom();
    Queued queued = new Queued(spec, own);
    commands.add(queued);
    if (spec.effectEstimate() != null || spec.isSelect()) {
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

  /**
   * What the queued commands may log beyond their own size, about, each by the data as they are
   * before the first of them.
   *
   * @param db number of the database in which they start
   * @param exactly see {@link EffectEstimate#bytes}
   */
  public long likelyEffectBytes(Keyspace keyspace, int db, boolean exactly) {
    long likely = 0;
    int selected = db;
    for (Queued queued : estimated) {
      if (queued.spec().isSelect()) {
        selected = selected(keyspace, queued, selected);
      } else {
        Database database = keyspace.database(selected);
        likely += queued.spec().effectEstimate().bytes(database, queued.arguments(), exactly);
      }
    }
    return likely;
  }

  private static int selected(Keyspace keyspace, Queued select, int before) {
    try {
      long db = Numbers.integer(select.arguments()[1], CommandException.NOT_AN_INTEGER);
      return db >= 0 && db < keyspace.databases() ? (int) db : before;
    } catch (CommandException e) {
      // It will be an error, and what follows is of the same database.
      return before;
    }
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

  /** Whether one of the commands may go into the stream although it writes nothing. */
  public boolean relays() {
    return relays;
  }

  /** Whether one of the commands may need memory. */
  public boolean deniedOnOom() {
    return deniedOnOom;
  }
}
