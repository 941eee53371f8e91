package org.chronolith.server.command;

import java.nio.charset.StandardCharsets;
import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.Keyspace;
import org.chronolith.network.Request;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Transaction;
import org.chronolith.server.write.Effects;

/**
 * One running command: its arguments, its client, where its reply and its effects go. The object is
 * reused; nothing of it may be kept after the handler has returned.
 *
 * <p>Thread: the one that owns the keyspace.
 */
public final class Call {
  /** Around a word of a request or an effect. */
  private static final long WORD_BYTES = 16;

  private final CommandRunner runner;
  private Slice[] slots = new Slice[16];
  private Slice[] arguments = slots;
  private int argc;
  private Request request;
  private Client client;
  private CommandSpec spec;
  private RespWriter reply;
  private long nowMs;
  private String failure;
  private boolean postponed;

  Call(CommandRunner runner) {
    this.runner = runner;
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slice();
    }
  }

  void bind(Client client, Request request, RespWriter reply) {
    int count = request.count();
    if (count > slots.length) {
      grow(count);
    }
    for (int i = 0; i < count; i++) {
      slots[i].set(request.buffer(), request.offset(i), request.length(i));
    }
    arguments = slots;
    argc = count;
    this.request = request;
    this.client = client;
    this.reply = reply;
    failure = null;
    postponed = false;
  }

  void bind(Client client, Transaction.Queued queued, RespWriter reply) {
    arguments = queued.arguments();
    argc = arguments.length;
    request = null;
    this.client = client;
    this.reply = reply;
    spec = queued.spec();
    failure = null;
    postponed = false;
  }

  void spec(CommandSpec value) {
    spec = value;
  }

  void nowMs(long value) {
    nowMs = value;
  }

  private void grow(int count) {
    Slice[] larger = new Slice[Math.max(count, slots.length * 2)];
    System.arraycopy(slots, 0, larger, 0, slots.length);
    for (int i = slots.length; i < larger.length; i++) {
      larger[i] = new Slice();
    }
    slots = larger;
  }

  /** Gives memory back after a request with very many arguments. */
  void shrink() {
    if (slots.length > 4096) {
      Slice[] smaller = new Slice[16];
      System.arraycopy(slots, 0, smaller, 0, smaller.length);
      slots = smaller;
      arguments = slots;
    }
  }

  /** Number of words, the command's own name included. */
  public int argc() {
    return argc;
  }

  /** Word {@code i}; 0 is the command's name. Valid until the handler returns. */
  public Slice arg(int i) {
    return arguments[i];
  }

  /** Bytes of all words, a bound for what the request may add to the log. */
  public long requestBytes() {
    if (runsTransaction()) {
      Transaction transaction = client.transaction();
      return transaction.bytes() + transaction.words() * WORD_BYTES;
    }
    if (request != null && request.multibulk()) {
      return request.rawLength();
    }
    long bytes = 0;
    for (int i = 0; i < argc; i++) {
      bytes += arguments[i].length() + WORD_BYTES;
    }
    return bytes;
  }

  /** Words of the request; for {@code EXEC}, of all queued commands. */
  public long requestWords() {
    return runsTransaction() ? client.transaction().words() : argc;
  }

  /**
   * What the queued commands of {@code EXEC} will ask for beyond their own size, about. Any other
   * command asks when it knows, and is put off if there is no room.
   *
   * @param exactly see {@link EffectEstimate#bytes}
   */
  public long likelyEffectBytes(boolean exactly) {
    return runsTransaction()
        ? client.transaction().likelyEffectBytes(keyspace(), client.db(), exactly)
        : 0;
  }

  /** Whether the command writes; for {@code EXEC}, whether one of the queued commands does. */
  public boolean writes() {
    return spec.isWrite() || runsTransaction() && client.transaction().writes();
  }

  /** Whether the command, or one that it runs from the queue, may add to the stream. */
  public boolean mayReplicate() {
    return writes() || spec.relays(this) || runsTransaction() && client.transaction().relays();
  }

  /** Whether the command, or one that it runs from the queue, may need memory. */
  public boolean deniedOnOom() {
    return spec.isDenyOom() || runsTransaction() && client.transaction().deniedOnOom();
  }

  private boolean runsTransaction() {
    return spec != null && spec.isExec() && client.transaction() != null;
  }

  Slice[] arguments() {
    return arguments;
  }

  /** Whether word {@code i} is {@code word} (given in lower case), ignoring case. */
  public boolean is(int i, String word) {
    Slice slice = arguments[i];
    if (slice.length() != word.length()) {
      return false;
    }
    for (int at = 0; at < word.length(); at++) {
      int b = slice.get(at);
      if (b >= 'A' && b <= 'Z') {
        b += 32;
      }
      if (b != word.charAt(at)) {
        return false;
      }
    }
    return true;
  }

  /** Word {@code i} as UTF-8 text, for names and messages. */
  public String text(int i) {
    Slice slice = arguments[i];
    return slice.buffer().toString(slice.offset(), slice.length(), StandardCharsets.UTF_8);
  }

  /**
   * Word {@code i} as a 64-bit integer, in Redis's strict form: no sign but '-', no leading zero.
   *
   * @throws CommandException {@link CommandException#NOT_AN_INTEGER}
   */
  public long integer(int i) {
    return integer(i, CommandException.NOT_AN_INTEGER);
  }

  /** As {@link #integer(int)}, with an error of the caller's. */
  public long integer(int i, CommandException error) {
    return Numbers.integer(arguments[i], error);
  }

  /**
   * Word {@code i} as a double; infinities are fine, NaN is not.
   *
   * @throws CommandException {@link CommandException#NOT_A_FLOAT}
   */
  public double floating(int i) {
    return Numbers.floating(arguments[i], CommandException.NOT_A_FLOAT);
  }

  public Client client() {
    return client;
  }

  public CommandSpec spec() {
    return spec;
  }

  public Dataset dataset() {
    return runner.dataset();
  }

  public Keyspace keyspace() {
    return runner.dataset().keyspace();
  }

  /** The client's selected database. */
  public Database db() {
    return runner.dataset().keyspace().database(client.db());
  }

  /** Wall-clock ms, fixed for the whole command (for all of a transaction's). */
  public long nowMs() {
    return nowMs;
  }

  public RespWriter reply() {
    return reply;
  }

  /** Whether this command was queued and now runs in {@code EXEC}: it cannot wait. */
  public boolean queued() {
    return request == null;
  }

  /** Replies with an error, code word first, and counts it. */
  public void error(String text) {
    failure = text;
    runner.counters().errorReply(text);
    reply.error(text);
  }

  boolean failed() {
    return failure != null;
  }

  /** The error that it replied with, code word first; null if it did with none. */
  String failure() {
    return failure;
  }

  /** Whether this is the stream of a master, or recovery: nothing is gated, nothing propagated. */
  public boolean applying() {
    return runner.applying();
  }

  /**
   * Counts {@code n} changes for the {@code save} rules without an effect of their own; {@link
   * #propagate} and {@link #effect} count one each by themselves.
   */
  public void changes(long n) {
    runner.counters().changes += n;
  }

  /** This command's effect is the request as it came. */
  public void propagate() {
    runner.counters().changes++;
    relay();
  }

  /**
   * As {@link #propagate()}, for a request that changes no data: a message to the replicas' own
   * subscribers.
   */
  public void relay() {
    Effects effects = runner.effects();
    if (effects == null) {
      return;
    }
    if (request != null && request.multibulk()) {
      effects.verbatim(client.db(), request.buffer(), request.rawOffset(), request.rawLength());
      return;
    }
    effects.begin(client.db(), argc);
    for (int i = 0; i < argc; i++) {
      effects.word(arguments[i]);
    }
  }

  /**
   * Starts an effect of {@code words} words in the client's database, to be followed by exactly so
   * many {@code word} calls; null when nothing is propagated (replica, recovery).
   */
  public Effects effect(int words) {
    return effect(client.db(), words);
  }

  /** As {@link #effect(int)}, in database {@code db}. */
  public Effects effect(int db, int words) {
    runner.counters().changes++;
    Effects effects = runner.effects();
    return effects == null ? null : effects.begin(db, words);
  }

  /**
   * For a command whose effects may be larger than its request: makes sure that the log has room
   * for so many bytes of them, in addition to all that was claimed before.
   *
   * @return null if it has; else what the command throws, once all that it has changed is taken
   *     back
   */
  public CommandException claimLogRoom(long bytes) {
    if (runner.effects() == null) {
      return null;
    }
    String refusal = runner.logRoom().claim(this, bytes);
    if (refusal == null) {
      return null;
    }
    return refusal.equals(Gate.POSTPONE)
        ? CommandException.POSTPONED
        : new CommandException(refusal);
  }

  /**
   * As {@link #claimLogRoom}, before anything is changed.
   *
   * @throws CommandException if there is no room
   */
  public void requireLogRoom(long bytes) {
    CommandException refused = claimLogRoom(bytes);
    if (refused != null) {
      throw refused;
    }
  }

  void postpone() {
    postponed = true;
  }

  /** Whether it has changed nothing, and the request is to come again. */
  boolean postponed() {
    return postponed;
  }

  /** The runner, for commands that run others ({@code EXEC}). */
  public CommandRunner runner() {
    return runner;
  }
}
