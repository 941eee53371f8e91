package org.chronolith.server.recovery;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.chronolith.engine.EngineException;
import org.chronolith.engine.snapshot.Checkpoint;
import org.chronolith.engine.snapshot.SnapshotListener;
import org.chronolith.engine.snapshot.SnapshotMeta;
import org.chronolith.engine.snapshot.SnapshotSession;
import org.chronolith.engine.snapshot.SnapshotStore;
import org.chronolith.server.config.SaveRule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes snapshots on the engine thread's time: decides when one is due, walks over the keyspace a
 * slice at a time, waits (without blocking) until the log is durable through the mark, has the
 * checkpoint made, and trims the log.
 *
 * <p>{@link #doWork} is a duty cycle: it does one slice and says when it wants to be called again,
 * so that a test can step it. A slice is {@value #SLICE_NANOS} ns; while clients are served it
 * pauses {@value #BUSY_PAUSE_FACTOR} times as long as the slice took, which bounds what a snapshot
 * costs them and still ends, since a walk never visits an entry twice. While a replica waits for
 * it, slices are of {@value #AWAITED_SLICE_NANOS} ns with pauses of {@value #AWAITED_PAUSE_MS} ms:
 * no command waits longer than for other snapshots, but more of them wait, for a shorter time.
 *
 * <p>Thread: engine, but for the {@link SnapshotListener} calls, which only write the log and wake
 * the engine.
 */
public final class SnapshotDuty implements SnapshotListener {
  /** Where a snapshot is. */
  public enum State {
    IDLE,
    /** Slices of the keyspace go to the store. */
    WALKING,
    /** All is handed over; the log is not yet on disk up to the mark. */
    AWAITING_LOG,
    /** The store makes the checkpoint. */
    FINISHING
  }

  /** Told on the engine thread how a requested snapshot ended. */
  @FunctionalInterface
  public interface Outcome {
    /**
     * @param failure null if the checkpoint is complete
     */
    void ended(String failure);
  }

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotDuty.class);
  private static final long SLICE_NANOS = 1_000_000;
  private static final long AWAITED_SLICE_NANOS = 500_000;
  private static final long AWAITED_PAUSE_MS = 1;
  private static final long URGENT_SLICE_NANOS = 5_000_000;
  private static final int BUSY_PAUSE_FACTOR = 7;
  private static final long LONGEST_PAUSE_MS = 20;
  private static final long IDLE_PAUSE_MS = 100;
  private static final long POLL_MS = 2;
  private static final long TRIM_PERIOD_MS = 1_000;

  /** A volume that fills up fast has its log looked at more often. */
  private static final long TRIM_EVERY_BYTES = 4L << 20;

  private final SnapshotSource source;
  private final SnapshotStream stream;
  private final LongSupplier changes;
  private final LongSupplier commands;
  private final Supplier<List<SaveRule>> rules;
  private final LongSupplier triggerLogBytes;
  private final Runnable wake;
  private final LongSupplier nanos;
  private final SnapshotStatistics statistics;
  private final List<Outcome> requested = new ArrayList<>();
  private final List<Outcome> waiting = new ArrayList<>();

  private SnapshotStore store;
  private State state = State.IDLE;
  private SnapshotSession session;
  private SnapshotMeta meta;
  private String requestReason;
  private String logFailure;
  private boolean urgent;

  /** A replica waits for it. */
  private boolean awaited;

  private boolean failedForSpace;
  private long changesAtMark;
  private long changesAtLastSave;
  private long commandsAtLastStep;
  private long lastOffset;
  private long damagedBelow;
  private long lastTrimMs;
  private long lastTrimEndOffset;

  /**
   * @param changes count of changes to the data, ever growing
   * @param commands count of commands that were run, ever growing
   * @param wake has {@link #doWork} called soon; any thread
   */
  public SnapshotDuty(
      SnapshotSource source,
      SnapshotStream stream,
      LongSupplier changes,
      LongSupplier commands,
      Supplier<List<SaveRule>> rules,
      LongSupplier triggerLogBytes,
      Runnable wake,
      long nowMs) {
    this(source, stream, changes, commands, rules, triggerLogBytes, wake, nowMs, System::nanoTime);
  }

  /**
   * As the other one.
   *
   * @param nanos by which slices and pauses are measured
   */
  public SnapshotDuty(
      SnapshotSource source,
      SnapshotStream stream,
      LongSupplier changes,
      LongSupplier commands,
      Supplier<List<SaveRule>> rules,
      LongSupplier triggerLogBytes,
      Runnable wake,
      long nowMs,
      LongSupplier nanos) {
    this.nanos = nanos;
    this.source = Objects.requireNonNull(source);
    this.stream = Objects.requireNonNull(stream);
    this.changes = Objects.requireNonNull(changes);
    this.commands = Objects.requireNonNull(commands);
    this.rules = Objects.requireNonNull(rules);
    this.triggerLogBytes = Objects.requireNonNull(triggerLogBytes);
    this.wake = Objects.requireNonNull(wake);
    statistics = new SnapshotStatistics(nowMs);
  }

  /**
   * Goes on with what was recovered: after a start, and after a full sync. A running snapshot is
   * given up. What was replayed from the log counts as changes since the last snapshot.
   */
  public void adopt(Recovered recovered) {
    adopt(recovered.snapshots(), recovered.snapshotOffset(), recovered.replayedCommands());
  }

  void adopt(SnapshotStore value, long newestOffset, long unsavedChanges) {
    if (state != State.IDLE) {
      giveUp("another generation takes over");
    }
    store = value;
    lastOffset = newestOffset;
    damagedBelow = 0;
    changesAtLastSave = changes.getAsLong() - unsavedChanges;
  }

  public State state() {
    return state;
  }

  /** Whether one is running or about to start. */
  public boolean inProgress() {
    return state != State.IDLE || requestReason != null;
  }

  public SnapshotStatistics statistics() {
    return statistics;
  }

  /** {@code rdb_changes_since_last_save}: since the mark of the last complete snapshot. */
  public long changesSinceLastSave() {
    return changes.getAsLong() - changesAtLastSave;
  }

  /** Keys of the state that is being saved; 0 when none is. */
  public long currentKeys() {
    return state == State.IDLE ? 0 : meta.keys();
  }

  /** Entries and elements that the running walk has looked at; 0 when none runs. */
  public long currentItems() {
    return state == State.IDLE ? 0 : source.itemsExamined();
  }

  /** Offset of the newest checkpoint. */
  public long lastOffset() {
    return lastOffset;
  }

  /**
   * Asks for a snapshot of a state no older than now. One that runs already is finished first.
   * {@code outcome} may be null.
   */
  public void request(String reason, Outcome outcome) {
    if (logFailure != null) {
      if (outcome != null) {
        outcome.ended(logFailure);
      }
      return;
    }
    requestReason = reason;
    if (outcome != null) {
      requested.add(outcome);
    }
    wake.run();
  }

  /**
   * The log is damaged below {@code offset}: a snapshot is due until one ends at or behind that.
   */
  public void damagedBelow(long offset) {
    damagedBelow = Math.max(damagedBelow, offset);
    wake.run();
  }

  /** Asks for a snapshot that a replica waits for, of any state: one that runs already will do. */
  public void requestAny(String reason, Outcome outcome) {
    if (state == State.IDLE) {
      request(reason, outcome);
    } else {
      waiting.add(outcome);
    }
    awaited = true;
  }

  /**
   * As {@link #request}, and nothing matters but its end: at a shutdown, when no clients are
   * served.
   */
  public void requestUrgently(String reason, Outcome outcome) {
    urgent = true;
    request(reason, outcome);
  }

  /** Gives up a running snapshot and what was requested, for a shutdown without one. */
  public void abort(String why) {
    if (state != State.IDLE) {
      giveUp(why);
    }
    requestReason = null;
    waiting.addAll(requested);
    requested.clear();
    tell(why);
  }

  /**
   * No snapshot can be published any more, since none is without the log up to its offset. What
   * runs is given up; what is asked for later is refused.
   */
  public void logFailed(String why) {
    logFailure = why;
    abort(why);
  }

  /** Why none can be published any more, or null. */
  public String logFailure() {
    return logFailure;
  }

  /**
   * Does what is next.
   *
   * @return ms until it wants to be called again
   */
  public long doWork(long nowMs) {
    if (store == null || logFailure != null) {
      return IDLE_PAUSE_MS;
    }
    if (nowMs - lastTrimMs >= TRIM_PERIOD_MS
        || stream.endOffset() - lastTrimEndOffset >= TRIM_EVERY_BYTES) {
      trim(nowMs);
    }
    return switch (state) {
      case IDLE -> idle(nowMs);
      case WALKING -> walk(nowMs);
      case AWAITING_LOG -> awaitLog(nowMs);
      case FINISHING -> awaitCheckpoint(nowMs);
    };
  }

  private long idle(long nowMs) {
    String reason = requestReason != null ? requestReason : due(nowMs);
    if (reason == null) {
      return IDLE_PAUSE_MS;
    }
    if (store.isRunning()) {
      // One that was given up while its checkpoint was made.
      return POLL_MS;
    }
    if (!source.prepare(SLICE_NANOS)) {
      return 1;
    }
    requestReason = null;
    waiting.addAll(requested);
    requested.clear();
    if (!store.hasSpace(stream.usableBytes())) {
      return refused(reason, nowMs);
    }
    long offset = stream.appendStaged();
    session = store.begin();
    meta =
        new SnapshotMeta(
            offset,
            stream.history().currentId(),
            stream.selectedDb(),
            nowMs,
            source.keys(),
            HistoryAttributes.of(stream.history()));
    changesAtMark = changes.getAsLong();
    statistics.started(nowMs);
    source.begin(session, session.full());
    state = State.WALKING;
    LOG.info(
        "Snapshot at offset {} started ({}{})", offset, reason, session.full() ? ", full" : "");
    return walk(nowMs);
  }

  private long refused(String reason, long nowMs) {
    store.dropOlder(Long.MAX_VALUE);
    String why = "no space: " + stream.usableBytes() + " bytes are free on the volume";
    LOG.error("No snapshot ({}) now: {}", reason, why);
    statistics.started(nowMs);
    statistics.failed(nowMs);
    failedForSpace = true;
    end(why);
    return IDLE_PAUSE_MS;
  }

  private String due(long nowMs) {
    if (!statistics.lastOk() && nowMs - statistics.lastAttemptMs() < retryAfterMs()) {
      return null;
    }
    if (store.hasDistrusted()) {
      return "the newest one is damaged";
    }
    if (lastOffset < damagedBelow) {
      return "the log is damaged below offset " + damagedBelow;
    }
    return SaveTriggers.due(
        rules.get(),
        changesSinceLastSave(),
        nowMs - statistics.lastSaveMs(),
        stream.endOffset() - lastOffset,
        triggerLogBytes.getAsLong(),
        stream.isSpaceLow());
  }

  /**
   * A failure is not repeated soon. But where space was missing and now is there, the log has
   * waited long enough for a snapshot that lets it shrink.
   */
  private long retryAfterMs() {
    int failures = statistics.failuresInARow();
    if (!failedForSpace) {
      return SaveTriggers.retryAfterMs(failures);
    }
    return store.hasSpace(stream.usableBytes())
        ? SaveTriggers.retryWithSpaceAfterMs(failures)
        : SaveTriggers.LONGEST_RETRY_MS;
  }

  private long walk(long nowMs) {
    if (session.state().isFinal()) {
      source.abort(session.reason());
      return failed(nowMs);
    }
    boolean served = commands.getAsLong() != commandsAtLastStep;
    long startNanos = nanos.getAsLong();
    SnapshotSource.Step step = source.step(sliceNanos());
    long spentNanos = nanos.getAsLong() - startNanos;
    commandsAtLastStep = commands.getAsLong();
    return switch (step) {
      case MORE -> served && !urgent ? busyPauseMs(spentNanos) : 0;
      case BLOCKED -> served ? busyPauseMs(spentNanos) : 1;
      case GAVE_WAY -> {
        session.abort(source.reason());
        yield failed(nowMs);
      }
      case DONE -> {
        state = State.AWAITING_LOG;
        stream.requestSync();
        yield awaitLog(nowMs);
      }
    };
  }

  private long sliceNanos() {
    if (urgent) {
      return URGENT_SLICE_NANOS;
    }
    return awaited ? AWAITED_SLICE_NANOS : SLICE_NANOS;
  }

  private long busyPauseMs(long spentNanos) {
    if (awaited) {
      return AWAITED_PAUSE_MS;
    }
    long pauseMs = spentNanos * BUSY_PAUSE_FACTOR / 1_000_000;
    return Math.max(1, Math.min(LONGEST_PAUSE_MS, pauseMs));
  }

  /**
   * Snapshot(S) is published only once log[.., S) is on disk: else a crash leaves S ahead of it. So
   * must the name be that S has: else the log comes back without it, as that of somebody else.
   */
  private long awaitLog(long nowMs) {
    if (session.state().isFinal()) {
      return failed(nowMs);
    }
    if (stream.durableOffset() < meta.offset()) {
      return POLL_MS;
    }
    if (!stream.durableIdentity()) {
      // It may be a newer one, for which nobody has asked.
      stream.requestSync();
      return POLL_MS;
    }
    session.finish(meta);
    state = State.FINISHING;
    return POLL_MS;
  }

  private long awaitCheckpoint(long nowMs) {
    if (session.state() == SnapshotSession.State.FAILED) {
      return failed(nowMs);
    }
    if (session.state() != SnapshotSession.State.COMPLETE) {
      return POLL_MS;
    }
    lastOffset = meta.offset();
    changesAtLastSave = changesAtMark;
    statistics.completed(nowMs, session.elapsedMs());
    // Not behind the end, at which the log may be closed.
    trim(nowMs);
    end(null);
    return 0;
  }

  /** An older checkpoint is of use while the log leads on from it, and the volume has room. */
  private void trim(long nowMs) {
    lastTrimMs = nowMs;
    if (stream.leaveDamaged(nowMs)) {
      damagedBelow(stream.endOffset());
    }
    lastTrimEndOffset = stream.endOffset();
    // The newest one is damaged: a start would go back to the one before, if the log leads on.
    long sound = store.newest().map(Checkpoint::offset).orElse(0L);
    boolean goesBack = store.hasDistrusted() && sound >= stream.startOffset();
    long needed = goesBack ? sound : lastOffset;
    long startOffset = stream.trim(needed, nowMs);
    store.dropOlder(stream.isSpaceLow() ? Long.MAX_VALUE : startOffset);
  }

  private long failed(long nowMs) {
    String reason = session.reason();
    LOG.error("Snapshot at offset {} failed: {}", meta.offset(), reason);
    statistics.failed(nowMs);
    failedForSpace = session.failedForSpace();
    end(reason);
    return IDLE_PAUSE_MS;
  }

  private void giveUp(String why) {
    if (state == State.WALKING) {
      source.abort(why);
    }
    session.abort(why);
    LOG.info("Snapshot at offset {} given up: {}", meta.offset(), why);
    statistics.givenUp();
    end(why);
  }

  private void end(String failure) {
    state = State.IDLE;
    session = null;
    if (requestReason == null) {
      urgent = false;
      awaited = false;
    }
    tell(failure);
  }

  private void tell(String failure) {
    List<Outcome> told = List.copyOf(waiting);
    waiting.clear();
    told.forEach(outcome -> outcome.ended(failure));
  }

  @Override
  public void completed(Checkpoint checkpoint, long elapsedMs, long newBytes) {
    LOG.info(
        "Snapshot {} complete in {} ms: {} keys, {} new bytes of {}",
        checkpoint,
        elapsedMs,
        checkpoint.meta().keys(),
        newBytes,
        checkpoint.totalBytes());
    wake.run();
  }

  @Override
  public void failed(SnapshotSession failedSession, EngineException cause) {
    if (cause.severity() == EngineException.Severity.NO_SPACE) {
      // The operator can mend it, where it failed tells nothing: the line of the duty is enough.
      LOG.debug("Snapshot failed", cause);
    } else {
      LOG.error("Snapshot failed: {}", cause.getMessage(), cause);
    }
    wake.run();
  }

  @Override
  public void ignored(Path directory, String reason) {
    LOG.warn("Checkpoint {} is not used: {}", directory, reason);
  }

  @Override
  public void damaged(String problem) {
    statistics.damaged(problem);
    wake.run();
  }

  @Override
  public void setAside(Path directory, Path to) {
    LOG.warn("The damaged checkpoint {} is kept as {}", directory, to);
  }

  @Override
  public void notRemoved(Path directory, String reason) {
    LOG.warn("{} cannot be removed: {}", directory, reason);
  }
}
