package org.chronolith.server.command;

import java.util.function.BooleanSupplier;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.engine.keyspace.WrongTypeException;
import org.chronolith.network.LoopClock;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Transaction;
import org.chronolith.server.write.Effects;

/**
 * Runs handlers against one keyspace, without gates: the common ground of clients' commands, of the
 * replication stream and of recovery.
 *
 * <p>Thread: the one that owns the keyspace.
 */
public final class CommandRunner {
  private final ServerCounters counters;
  private final Effects effects;
  private final LoopClock clock;
  private final Call queuedCall;
  private LogRoom logRoom = (call, bytes) -> null;
  private Dataset dataset;
  private ExpiryMode expiryMode;
  private BooleanSupplier paused = () -> false;

  /**
   * @param effects where effects go; null to propagate nothing
   */
  public CommandRunner(
      Dataset dataset, ServerCounters counters, Effects effects, ExpiryMode expiryMode) {
    this(dataset, counters, effects, expiryMode, LoopClock.SYSTEM);
  }

  /**
   * @param clock by which commands' keys expire
   */
  public CommandRunner(
      Dataset dataset,
      ServerCounters counters,
      Effects effects,
      ExpiryMode expiryMode,
      LoopClock clock) {
    this.clock = clock;
    this.dataset = dataset;
    this.counters = counters;
    this.effects = effects;
    this.expiryMode = expiryMode;
    queuedCall = new Call(this);
  }

  /**
   * Runs a bound call.
   *
   * @return whether it succeeded
   */
  boolean run(Call call, long nowMs) {
    call.nowMs(nowMs);
    dataset.keyspace().begin(nowMs, expiryMode());
    if (!counters.commandStatistics()) {
      handle(call);
      return !call.failed();
    }
    long foundBefore = dataset.keyspace().lookupsFound();
    long missedBefore = dataset.keyspace().lookupsMissed();
    long start = System.nanoTime();
    handle(call);
    if (call.postponed()) {
      return false;
    }
    count(call, System.nanoTime() - start, foundBefore, missedBefore);
    return !call.failed();
  }

  private static void handle(Call call) {
    long replyStart = call.reply().position();
    try {
      call.spec().handler().run(call);
    } catch (CommandException e) {
      call.reply().rewind(replyStart);
      if (e == CommandException.POSTPONED) {
        call.postpone();
      } else {
        call.error(e.getMessage());
      }
    } catch (WrongTypeException e) {
      call.reply().rewind(replyStart);
      call.error(CommandException.WRONG_TYPE.getMessage());
    }
  }

  private void count(Call call, long nanos, long foundBefore, long missedBefore) {
    CommandSpec spec = call.spec();
    spec.stats().ran(nanos, counters.latencyTracking);
    counters.commandsProcessed++;
    if (spec.isReadOnly()) {
      // As in Redis, the look-ups of writes are neither hits nor misses.
      counters.keyspaceHits += dataset.keyspace().lookupsFound() - foundBefore;
      counters.keyspaceMisses += dataset.keyspace().lookupsMissed() - missedBefore;
    }
    if (call.failed()) {
      spec.stats().failedCalls++;
    }
  }

  /** Runs one command of a transaction inside the running {@code EXEC}. */
  public void runQueued(Client client, Transaction.Queued queued, RespWriter reply, long nowMs) {
    queuedCall.bind(client, queued, reply);
    run(queuedCall, nowMs);
  }

  /** Where commands find room in the log; there is enough until this is called. */
  public void logRoom(LogRoom value) {
    logRoom = value;
  }

  LogRoom logRoom() {
    return logRoom;
  }

  LoopClock clock() {
    return clock;
  }

  public Dataset dataset() {
    return dataset;
  }

  /** Goes on with another data set, after a start and after a full sync. */
  public void replaceDataset(Dataset value) {
    dataset = value;
  }

  /**
   * What becomes of expired keys now: while writes are paused they are hidden where they would be
   * removed, so that the stream stands still.
   */
  public ExpiryMode expiryMode() {
    return expiryMode == ExpiryMode.DELETE && paused.getAsBoolean() ? ExpiryMode.HIDE : expiryMode;
  }

  /** Whether writes are paused; they are not until this is called. */
  public void paused(BooleanSupplier value) {
    paused = value;
  }

  /**
   * {@code DELETE} for a master, {@code HIDE} for a replica's clients, {@code IGNORE} for streams.
   */
  public void expiryMode(ExpiryMode value) {
    expiryMode = value;
  }

  public ServerCounters counters() {
    return counters;
  }

  /** Where effects go, or null when nothing is propagated. */
  public Effects effects() {
    return applying() ? null : effects;
  }

  /** Whether this runner applies a stream instead of serving clients. */
  public boolean applying() {
    return effects == null;
  }
}
