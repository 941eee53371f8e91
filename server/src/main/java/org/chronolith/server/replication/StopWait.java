package org.chronolith.server.replication;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;
import org.chronolith.server.info.InfoWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A clean stop begins with the replicas: writes are held back, and those that are fed get the rest
 * of the stream, for {@code shutdown-timeout} at most. So whoever is promoted next has every write
 * that was acknowledged. From then on no write is acknowledged: they wait until their connections
 * close.
 *
 * <p>Thread: engine.
 */
public final class StopWait {
  private enum State {
    NONE,
    WAITING,
    OVER
  }

  private static final Logger LOG = LoggerFactory.getLogger(StopWait.class);
  private static final long SECOND_MS = 1_000;

  private final NetworkLoop engine;
  private final Replicas replicas;
  private final BooleanSupplier isReplica;
  private final BooleanSupplier logHasFailed;
  private final LongSupplier endOffset;
  private final LongSupplier timeoutMs;
  private final ReplicationHost host;
  private final Runnable requestAcknowledgements;

  /** Other threads only look whether it waits. */
  private volatile State state = State.NONE;

  private boolean abortable;
  private Runnable whenOver;
  private Scheduled timeout;
  private long timeoutAtMs;

  /**
   * @param logHasFailed whether replicas are sent no more than is on disk, and so never all
   * @param endOffset of the stream, what is staged included
   * @param timeoutMs how long it waits at most; 0 for not at all
   */
  StopWait(
      NetworkLoop engine,
      Replicas replicas,
      BooleanSupplier isReplica,
      BooleanSupplier logHasFailed,
      LongSupplier endOffset,
      LongSupplier timeoutMs,
      ReplicationHost host,
      Runnable requestAcknowledgements) {
    this.engine = engine;
    this.replicas = replicas;
    this.isReplica = isReplica;
    this.logHasFailed = logHasFailed;
    this.endOffset = endOffset;
    this.timeoutMs = timeoutMs;
    this.host = host;
    this.requestAcknowledgements = requestAcknowledgements;
  }

  /** Whether nobody has asked for a stop yet, or it was aborted. */
  public boolean isIdle() {
    return state == State.NONE;
  }

  /** Any thread. */
  boolean isWaiting() {
    return state == State.WAITING;
  }

  /** {@code shutdown_in_milliseconds}, while it waits. */
  void writeInfo(InfoWriter out) {
    if (state == State.WAITING) {
      out.field("shutdown_in_milliseconds", Math.max(0, timeoutAtMs - engine.clock().wallMs()));
    }
  }

  /**
   * Somebody asks for a stop that can be aborted as long as it waits. Does nothing if one has been
   * asked for before, as in Redis.
   *
   * @param now waits for nobody
   * @param then what ends the process; called at once, or later
   */
  public void request(boolean now, Runnable then) {
    if (state == State.NONE) {
      abortable = true;
      whenOver = then;
      begin(now);
    }
  }

  /**
   * The process ends: nothing can be aborted any more.
   *
   * @param then called at once, or when the wait is over
   */
  public void conclude(Runnable then) {
    abortable = false;
    whenOver = then;
    if (state == State.NONE) {
      begin(false);
    } else if (state == State.OVER) {
      then.run();
    }
  }

  private void begin(boolean now) {
    LOG.info("User requested shutdown...");
    boolean nobody = now || isReplica.getAsBoolean() || logHasFailed.getAsBoolean();
    boolean waits = !nobody && timeoutMs.getAsLong() > 0 && !inSync();
    boolean wasPaused = host.isPaused();
    host.pauseUntilStop(true);
    if (!waits) {
      end();
      return;
    }
    state = State.WAITING;
    LOG.info("Waiting for replicas before shutting down.");
    long waitMs = timeoutMs.getAsLong();
    timeoutAtMs = engine.clock().wallMs() + waitMs;
    timeout = engine.schedule(this::end, waitMs);
    if (!wasPaused) {
      requestAcknowledgements.run();
    }
    if (inSync()) {
      // The last one acknowledged just now, and may not have seen yet that somebody waits.
      engine.execute(this::check);
    }
  }

  /** Whether every replica that is fed has acknowledged the end of the stream. */
  private boolean inSync() {
    if (replicas.feeds().isEmpty()) {
      // Also while the data is being loaded, when there is no stream.
      return true;
    }
    long end = endOffset.getAsLong();
    for (ReplicaFeed feed : replicas.feeds()) {
      if (feed.isOnline() && feed.ackOffset() < end) {
        return false;
      }
    }
    return true;
  }

  /** Replicas have acknowledged something, or have left. */
  void check() {
    if (state == State.WAITING && inSync()) {
      end();
    }
  }

  /** Waits for nobody any longer. Does nothing if it does not wait. */
  public void insist() {
    if (state == State.WAITING) {
      LOG.info("You insist... exiting now.");
      end();
    }
  }

  private void end() {
    if (state == State.OVER) {
      return;
    }
    state = State.OVER;
    cancelTimeout();
    tellLagging();
    whenOver.run();
  }

  private void tellLagging() {
    if (isReplica.getAsBoolean() || replicas.feeds().isEmpty()) {
      return;
    }
    long end = endOffset.getAsLong();
    long nowMs = engine.clock().wallMs();
    int all = 0;
    int lagging = 0;
    for (ReplicaFeed feed : replicas.feeds()) {
      if (feed.state() == ReplicaFeed.State.CLOSED) {
        continue;
      }
      all++;
      if (!feed.isOnline() || feed.ackOffset() < end) {
        lagging++;
        LOG.info(
            "Lagging replica {} reported offset {} behind master, lag={}, state={}.",
            feed.name(),
            end - feed.ackOffset(),
            feed.isOnline() ? (nowMs - feed.ackMs()) / SECOND_MS : 0,
            feed.state().word());
      }
    }
    if (all > 0) {
      LOG.info("{} of {} replicas are in sync when shutting down.", all - lagging, all);
    }
  }

  /**
   * {@code SHUTDOWN ABORT}: writes go on.
   *
   * @return whether there was something to abort
   */
  public boolean abort() {
    if (state != State.WAITING || !abortable) {
      return false;
    }
    state = State.NONE;
    whenOver = null;
    cancelTimeout();
    host.pauseUntilStop(false);
    LOG.info("Shutdown manually aborted.");
    return true;
  }

  private void cancelTimeout() {
    if (timeout != null) {
      timeout.cancel();
      timeout = null;
    }
  }
}
