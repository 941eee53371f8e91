package org.chronolith.server.command;

import io.netty.buffer.ByteBuf;
import java.util.Locale;
import org.chronolith.engine.Printable;
import org.chronolith.engine.Slice;
import org.chronolith.network.Request;
import org.chronolith.network.RequestDecoder;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;

/**
 * Applies bytes of the replication stream to a keyspace: on a replica as they arrive, and in
 * recovery as they are read from the log. It stops at the last complete unit, a command or a whole
 * {@code MULTI … EXEC}, so that what it has consumed is what may be logged and shown.
 *
 * <p>Nothing is gated, nothing expires, replies are thrown away. A command that fails here
 * succeeded on the master, so the two differ, or this server cannot do what the master can: that is
 * an error with its offset, never skipped. Where nothing of the unit has changed anything, the
 * stream stops before it, see {@link #refused}; in the middle of a group there is no way back.
 *
 * <p>Thread: the one that owns the runner's keyspace.
 */
public final class StreamExecutor {
  /** A master may have let in larger values than this node's own clients may send. */
  private static final long MAX_BULK_BYTES = Integer.MAX_VALUE - 64;

  private static final CommandException DB_OUT_OF_RANGE =
      new CommandException("ERR DB index is out of range");

  private final CommandTable table;
  private final CommandRunner runner;
  private final RequestDecoder decoder = RequestDecoder.ofMaster(MAX_BULK_BYTES);
  private final Request request = new Request();
  private final Client client = Client.internal();
  private final RespWriter discard = RespWriter.inMemory(2);
  private final Call call;
  private final Control control;
  private long appliedCommands;
  private int scannedBytes;
  private long wantedBytes;
  private boolean inGroup;
  private Refused refused;

  /** What the stream says to the replica itself rather than to its data. */
  public interface Control {
    /**
     * A stream command that is no data: {@code PING}, {@code REPLCONF GETACK *}, {@code PUBLISH}.
     */
    void control(Call call);

    /**
     * A command that changes functions or scripts, which this server does not have, and no key: it
     * stays in the log for those that have them.
     *
     * @param command such as {@code FUNCTION LOAD}
     */
    default void skipped(String command) {}
  }

  /**
   * A command that is not applied.
   *
   * @param command its name, as it came
   * @param subject such as {@code " of the key 'k'"}; empty without one
   * @param error with which it fails, code word first; null if this server does not have it
   */
  public record Refused(String command, String subject, String error) {
    /** What is wrong with it, to go on from {@code the stream has …}. */
    public String why() {
      return error == null
          ? "which this server does not have"
          : "which this server refuses: " + error;
    }

    @Override
    public String toString() {
      return "the command '" + command + "'" + subject;
    }
  }

  /** The stream cannot be applied; the message names command and cause. */
  public static final class StreamException extends RuntimeException {
    StreamException(String message) {
      super(message);
    }
  }

  /**
   * @param runner one that applies: without effects, with {@code ExpiryMode.IGNORE}
   */
  public StreamExecutor(CommandTable table, CommandRunner runner, Control control) {
    this.table = table;
    this.runner = runner;
    this.control = control;
    call = new Call(runner);
  }

  /** Selects the database that the stream has selected where the bytes start. */
  public void select(int db) {
    client.select(Math.max(0, db));
  }

  /** The stream's database after what was applied. */
  public int db() {
    return client.db();
  }

  public long appliedCommands() {
    return appliedCommands;
  }

  /** Forgets the scan of an open group: the next bytes come from elsewhere in the stream. */
  public void reset() {
    scannedBytes = 0;
    wantedBytes = 0;
    inGroup = false;
    refused = null;
    decoder.reset();
  }

  /**
   * Bytes, counted from where the last {@link #apply} left the reader index, that must be there
   * before the argument that is being received is complete; 0 when that is not known.
   */
  public long wantedBytes() {
    return wantedBytes;
  }

  /**
   * The command that the next unit has and this server lacks, or fails to run; or null. Nothing of
   * that unit is applied, nor of what follows it.
   */
  public Refused refused() {
    return refused;
  }

  /**
   * Makes an error of {@link #refused}.
   *
   * @throws StreamException if it is not null
   */
  public void checkApplied() {
    if (refused != null) {
      throw new StreamException("the stream has " + refused + ", " + refused.why());
    }
  }

  /**
   * Applies all complete units from the reader index on, and moves the reader index past them; it
   * stops before one with a command that is not known, or that fails before anything of the unit
   * has changed: see {@link #refused}.
   *
   * @return bytes consumed
   * @throws StreamException when a command fails after others of its group
   * @throws org.chronolith.network.ProtocolException when the bytes are no commands
   */
  public int apply(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int unitsEnd = completeUnits(bytes);
    long nowMs = runner.clock().wallMs();
    boolean grouped = false;
    int unit = start;
    int unitDb = client.db();
    long unitCommands = appliedCommands;
    while (bytes.readerIndex() < unitsEnd) {
      if (!grouped) {
        unit = bytes.readerIndex();
        unitDb = client.db();
        unitCommands = appliedCommands;
      }
      decoder.decode(bytes, request);
      call.bind(client, request, discard);
      grouped = call.is(0, "multi") || grouped && !call.is(0, "exec");
      Refused failed = applyOne(nowMs);
      if (failed == null) {
        continue;
      }
      if (appliedCommands != unitCommands) {
        throw new StreamException(
            "within a transaction, of which a part is applied, the stream has "
                + failed
                + ", "
                + failed.why());
      }
      refused = failed;
      client.select(unitDb);
      scannedBytes = 0;
      inGroup = false;
      bytes.readerIndex(unit);
      return unit - start;
    }
    return unitsEnd - start;
  }

  /** Index after the last complete unit. What was scanned of an open group is not scanned again. */
  private int completeUnits(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int unitsEnd = start;
    int scannedTo = start + scannedBytes;
    bytes.readerIndex(scannedTo);
    while (decoder.decode(bytes, request) == RequestDecoder.Result.REQUEST) {
      call.bind(client, request, discard);
      Refused lacking = lacking();
      if (lacking != null) {
        refused = lacking;
        break;
      }
      if (call.is(0, "multi")) {
        inGroup = true;
      } else if (call.is(0, "exec")) {
        inGroup = false;
      }
      scannedTo = bytes.readerIndex();
      if (!inGroup) {
        unitsEnd = scannedTo;
      }
    }
    scannedBytes = scannedTo - unitsEnd;
    long argumentBytes = decoder.wantedBytes();
    wantedBytes = argumentBytes == 0 ? 0 : scannedBytes + argumentBytes;
    decoder.reset();
    bytes.readerIndex(start);
    return unitsEnd;
  }

  /** What can be said of a command by its words alone, so that no part of a group is applied. */
  private Refused lacking() {
    CommandSpec spec = table.find(call.arg(0));
    if (spec == null) {
      return isMessage() || isAboutCode()
          ? null
          : new Refused(Printable.of(call.text(0)), "", null);
    }
    if (!spec.accepts(call.argc())) {
      return refuse(spec, "ERR wrong number of arguments");
    }
    try {
      if (spec.isSelect()) {
        database();
      } else if (spec.needs() != null) {
        spec.needs().run(call);
      }
      return null;
    } catch (CommandException e) {
      return refuse(spec, e.getMessage());
    }
  }

  private int database() {
    long index = call.integer(1);
    if (index < 0 || index >= runner.dataset().keyspace().databases()) {
      throw DB_OUT_OF_RANGE;
    }
    return (int) index;
  }

  private Refused refuse(CommandSpec spec, String error) {
    String subject = "";
    if (spec.isSelect() && call.argc() > 1) {
      subject = " of database " + Printable.of(call.text(1));
    } else if (spec.firstKey() > 0 && spec.firstKey() < call.argc()) {
      subject = " of the key '" + Printable.of(call.text(spec.firstKey())) + "'";
    }
    return new Refused(Printable.of(call.text(0)), subject, error);
  }

  /**
   * {@code FUNCTION LOAD}, {@code SCRIPT FLUSH} and the like; what they run comes as its effects.
   */
  private boolean isAboutCode() {
    return call.is(0, "function") || call.is(0, "script");
  }

  /** Messages are part of the stream but no data: a tool that has no subscribers lacks them. */
  private boolean isMessage() {
    return call.is(0, "publish") || call.is(0, "spublish");
  }

  /**
   * Applies the bound call.
   *
   * @return null, unless it has failed; then it has changed nothing
   */
  private Refused applyOne(long nowMs) {
    CommandSpec spec = table.find(call.arg(0));
    if (spec == null) {
      if (isAboutCode()) {
        String word = call.argc() > 1 ? " " + call.text(1) : "";
        control.skipped((call.text(0) + word).toUpperCase(Locale.ROOT));
      }
      return null;
    }
    switch (spec.name()) {
      case "multi", "exec" -> {
        return null;
      }
      case "select" -> {
        client.select(database());
        return null;
      }
      case "ping", "replconf", "publish", "spublish" -> {
        call.spec(spec);
        control.control(call);
        return null;
      }
      default -> call.spec(spec);
    }
    if (!spec.subcommands().isEmpty() && call.argc() > 1) {
      Slice word = call.arg(1);
      for (CommandSpec sub : spec.subcommands().values()) {
        if (word.length() == sub.name().length() && call.is(1, sub.name())) {
          call.spec(sub);
        }
      }
    }
    if (client.db() >= runner.dataset().keyspace().databases()) {
      // Selected by what was logged before, when there were more of them.
      return refuse(spec, DB_OUT_OF_RANGE.getMessage());
    }
    long replyStart = discard.position();
    boolean succeeded = runner.run(call, nowMs);
    discard.rewind(replyStart);
    if (!succeeded) {
      // Before it has changed anything: see Handler.
      return refuse(spec, call.failure());
    }
    appliedCommands++;
    return null;
  }
}
