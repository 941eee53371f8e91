package org.chronolith.server.recovery;

import org.chronolith.network.NetworkLoop;
import org.chronolith.network.Scheduled;

/**
 * Calls {@link SnapshotDuty#doWork} on the engine's loop, between its turns, when it wants to be
 * called.
 *
 * <p>Thread: engine, but for {@link #wake}.
 */
public final class SnapshotLoop {
  private final NetworkLoop loop;
  private SnapshotDuty duty;
  private Scheduled next;
  private boolean stopped;

  public SnapshotLoop(NetworkLoop loop) {
    this.loop = loop;
  }

  /** Starts the calls. */
  public void start(SnapshotDuty value) {
    duty = value;
    run();
  }

  /** Ends them. */
  public void stop() {
    stopped = true;
    cancel();
  }

  /** Has the duty called soon. Thread: any. */
  public void wake() {
    loop.execute(this::run);
  }

  private void run() {
    if (duty == null || stopped) {
      return;
    }
    cancel();
    long pauseMs = duty.doWork(loop.clock().wallMs());
    if (!stopped) {
      next = loop.schedule(this::run, pauseMs);
    }
  }

  private void cancel() {
    if (next != null) {
      next.cancel();
      next = null;
    }
  }
}
