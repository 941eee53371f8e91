package org.chronolith.server.command;

import io.netty.buffer.ByteBuf;
import java.util.Locale;
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
 * succeeded on the master, so the two differ: that is an error with its offset, never skipped.
 *
 * <p>Thread: the one that owns the runner's keyspace.
 */
public final class StreamExecutor {
  /** A master may have let in larger values than this node's own clients may send. */
  private static final long MAX_BULK_BYTES = Integer.MAX_VALUE - 64;

  private final CommandTable table;
  private final CommandRunner runner;
  private final RequestDecoder decoder = new RequestDecoder(MAX_BULK_BYTES);
  private final Request request = new Request();
  private final Client client = Client.internal();
  private final RespWriter discard = RespWriter.inMemory(2);
  private final Call call;
  private final Control control;
  private long appliedCommands;
  private int scannedBytes;
  private boolean inGroup;
  private String unsupported;

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
    inGroup = false;
    unsupported = null;
    decoder.reset();
  }

  /**
   * The command that the next unit has and this server lacks, or null. Nothing of that unit is
   * applied, nor of what follows it.
   */
  public String unsupported() {
    return unsupported;
  }

  /**
   * Makes an error of {@link #unsupported}.
   *
   * @throws StreamException if it is not null
   */
  public void checkSupported() {
    if (unsupported != null) {
      throw new StreamException("unknown command in the stream: '" + unsupported + "'");
    }
  }

  /**
   * Applies all complete units from the reader index on, and moves the reader index past them; it
   * stops before one with a command that is not known: see {@link #unsupported}.
   *
   * @return bytes consumed
   * @throws StreamException when a command fails
   * @throws org.chronolith.network.ProtocolException when the bytes are no commands
   */
  public int apply(ByteBuf bytes) {
    int start = bytes.readerIndex();
    int unitsEnd = completeUnits(bytes);
    long nowMs = runner.clock().wallMs();
    while (bytes.readerIndex() < unitsEnd) {
      decoder.decode(bytes, request);
      applyOne(nowMs);
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
      if (isUnknown()) {
        unsupported = call.text(0);
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
    decoder.reset();
    bytes.readerIndex(start);
    return unitsEnd;
  }

  private boolean isUnknown() {
    return table.find(call.arg(0)) == null && !isMessage() && !isAboutCode();
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

  private void applyOne(long nowMs) {
    call.bind(client, request, discard);
    CommandSpec spec = table.find(call.arg(0));
    if (spec == null) {
      if (isAboutCode()) {
        String word = call.argc() > 1 ? " " + call.text(1) : "";
        control.skipped((call.text(0) + word).toUpperCase(Locale.ROOT));
      }
      return;
    }
    switch (spec.name()) {
      case "multi", "exec" -> {
        return;
      }
      case "select" -> {
        client.select((int) call.integer(1));
        return;
      }
      case "ping", "replconf", "publish", "spublish" -> {
        call.spec(spec);
        control.control(call);
        return;
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
    long replyStart = discard.position();
    boolean succeeded = runner.run(call, nowMs);
    discard.rewind(replyStart);
    if (!succeeded) {
      throw new StreamException(
          "command in the stream failed: " + spec.fullName() + " (" + call.failure() + ")");
    }
    appliedCommands++;
  }
}
