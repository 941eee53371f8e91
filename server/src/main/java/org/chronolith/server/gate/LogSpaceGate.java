package org.chronolith.server.gate;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import org.chronolith.network.Connection;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;
import org.chronolith.server.write.WritePath;

/**
 * Stops writes that the log could not take, before they are applied. While space is being reserved
 * for them they wait: the thread that reserves may lag on a busy machine, and that is no client's
 * error. They are refused when the volume has no more, or the disk has failed.
 *
 * <p>Thread: engine, except for what the log reports.
 */
public final class LogSpaceGate implements Gate {
  /** What a command may log beyond its own words: SELECT, MULTI, EXEC, expired keys. */
  private static final long EFFECT_RESERVE_BYTES = 64 << 10;

  private static final String MISCONF = "MISCONF Errors writing to the AOF file: ";

  private final WritePath writePath;
  private final Executor engine;
  private final Set<Connection> waiting = new LinkedHashSet<>();
  private volatile String failure;
  private volatile boolean spaceRefused;

  /**
   * @param engine runs a task on the engine thread
   */
  public LogSpaceGate(WritePath writePath, Executor engine) {
    this.writePath = writePath;
    this.engine = engine;
  }

  /** A force has failed: nothing is written any more. Any thread. */
  public void failed(String cause) {
    failure = cause;
    engine.execute(this::resumeWaiting);
  }

  /** Why nothing is written any more, or null. Any thread. */
  public String failure() {
    return failure;
  }

  /** Space could not be reserved: who waits for it gets an error. Any thread. */
  public void spaceRefused() {
    spaceRefused = true;
    engine.execute(this::resumeWaiting);
  }

  /**
   * Space was reserved: who waits for it goes on. Called on the log's thread that reserves.
   *
   * @return whether writes had been refused
   */
  public boolean spaceReserved() {
    boolean refusedBefore = spaceRefused;
    spaceRefused = false;
    engine.execute(this::resumeWaiting);
    return refusedBefore;
  }

  @Override
  public String refuse(Call call) {
    if (!call.writes()) {
      return null;
    }
    if (failure != null) {
      return MISCONF + failure;
    }
    if (writePath.hasRoom(2 * call.requestBytes() + EFFECT_RESERVE_BYTES)) {
      return null;
    }
    if (spaceRefused) {
      return MISCONF + "No space left on device";
    }
    // hasRoom asked for the space, so a report of the log follows and ends the wait.
    waiting.add(call.client().connection());
    return POSTPONE;
  }

  private void resumeWaiting() {
    waiting.forEach(Connection::resumeRequests);
    waiting.clear();
  }
}
