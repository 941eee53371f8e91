package org.chronolith.server.expiry;

import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.chronolith.engine.keyspace.ExpiryMode;
import org.chronolith.network.NetworkLoop;
import org.chronolith.server.command.CommandRunner;
import org.chronolith.server.write.WritePath;

/**
 * What the keyspace needs besides commands: expired keys removed, detached structures freed, sparse
 * slabs compacted. Each run takes at most {@value #SLICE_NANOS} ns for each of them and comes back
 * soon if there was more to do, so that clients are served between.
 *
 * <p>Thread: engine.
 */
public final class Upkeep {
  private static final long SLICE_NANOS = 500_000;

  /** Pause between two runs while there is work: at most about a fifth of the thread's time. */
  private static final long BUSY_PAUSE_MS = 4;

  /** Log space that must be reserved for a slice of expiry to be worth beginning. */
  private static final long LEAST_LOG_BYTES = 64 << 10;

  private final NetworkLoop loop;
  private final CommandRunner runner;
  private final WritePath writePath;
  private final BooleanSupplier mayExpire;
  private final IntSupplier hz;

  /**
   * @param mayExpire whether keys may be removed now; not while clients are paused
   * @param hz runs a second while there is nothing to do
   */
  public Upkeep(
      NetworkLoop loop,
      CommandRunner runner,
      WritePath writePath,
      BooleanSupplier mayExpire,
      IntSupplier hz) {
    this.loop = loop;
    this.runner = runner;
    this.writePath = writePath;
    this.mayExpire = mayExpire;
    this.hz = hz;
  }

  /** Starts the runs; they end with the loop. */
  public void start() {
    loop.schedule(this::run, idlePauseMs());
  }

  private long idlePauseMs() {
    return Math.max(1, 1000 / hz.getAsInt());
  }

  private void run() {
    boolean more = slices();
    loop.schedule(this::run, more ? BUSY_PAUSE_MS : idlePauseMs());
  }

  private boolean slices() {
    boolean more = false;
    if (mayExpire.getAsBoolean()
        && runner.expiryMode() == ExpiryMode.DELETE
        && writePath.hasInternalRoom(LEAST_LOG_BYTES)) {
      more = expire();
    }
    more |= runner.dataset().keyspace().freeSlice(SLICE_NANOS);
    more |= runner.dataset().keyspace().compactSlice(SLICE_NANOS);
    return more;
  }

  private boolean expire() {
    runner.dataset().keyspace().begin(loop.clock().wallMs(), ExpiryMode.DELETE);
    boolean more = runner.dataset().keyspace().expireSlice(SLICE_NANOS);
    if (writePath.effects().stagedBytes() > 0) {
      writePath.staged();
    }
    return more;
  }
}
