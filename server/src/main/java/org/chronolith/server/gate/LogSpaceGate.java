package org.chronolith.server.gate;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import org.chronolith.network.Connection;
import org.chronolith.server.client.Client;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;
import org.chronolith.server.command.LogRoom;
import org.chronolith.server.write.WritePath;

/**
 * Stops writes that the log could not take, before they are applied. While space is being reserved
 * for them they wait: the thread that reserves may lag on a busy machine, and that is no client's
 * error. They are refused when the volume has no more, or the disk has failed.
 *
 * <p>Thread: engine, except for what the log reports.
 */
public final class LogSpaceGate implements Gate, LogRoom {
  /** What a command may log beyond its own words: SELECT, MULTI, EXEC. */
  private static final long EFFECT_RESERVE_BYTES = 64 << 10;

  /** A key of the request that has expired becomes a DEL, with so many bytes besides the key. */
  private static final long EXPIRED_KEY_BYTES = 32;

  private static final String NO_SPACE = "No space left on device";

  private static final String MISCONF = "MISCONF Errors writing to the AOF file: ";

  private static final String NOT_YET = "space is being reserved, try again";

  private final WritePath writePath;
  private final Executor engine;
  private final Set<Connection> waiting = new LinkedHashSet<>();
  private volatile String failure;

  /** Why no space is reserved, or null while it is. */
  private volatile Refusal refusal;

  /** Whether there is none, or reserving fails for another reason. */
  private record Refusal(String reason, boolean full) {}

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

  /**
   * There was no space to reserve: who waits for it gets an error. Any thread.
   *
   * @return whether that is news
   */
  public boolean spaceRefused(String reason) {
    return refused(new Refusal(reason.contains(NO_SPACE) ? NO_SPACE : reason, true));
  }

  /**
   * Space could not be reserved for another reason: who waits for it gets an error. Any thread.
   *
   * @return whether that is news
   */
  public boolean reserveFailed(String reason) {
    return refused(new Refusal(reason, false));
  }

  private boolean refused(Refusal now) {
    Refusal before = refusal;
    refusal = now;
    engine.execute(this::resumeWaiting);
    return before == null || before.full() != now.full();
  }

  /** Whether the volume has no space, so that writes are refused, or soon will be. Any thread. */
  public boolean isSpaceRefused() {
    Refusal now = refusal;
    return now != null && now.full();
  }

  /** Why writes are refused, or soon will be, until space can be reserved; or null. Any thread. */
  public String refusal() {
    Refusal now = refusal;
    return now == null ? null : now.reason();
  }

  /**
   * Space was reserved: who waits for it goes on. Called on the log's thread that reserves.
   *
   * @return whether writes had been refused
   */
  public boolean spaceReserved() {
    boolean refusedBefore = refusal != null;
    refusal = null;
    engine.execute(this::resumeWaiting);
    return refusedBefore;
  }

  @Override
  public String refuse(Call call) {
    if (!call.writes()) {
      writePath.promiseNothing();
      return null;
    }
    if (failure != null) {
      return MISCONF + failure;
    }
    long bytes =
        2 * call.requestBytes() + EXPIRED_KEY_BYTES * call.requestWords() + EFFECT_RESERVE_BYTES;
    long likely = call.likelyEffectBytes(false);
    if (likely > 0 && !writePath.hasRoom(bytes, likely)) {
      // A few large elements among those looked at may have made it several times too much: nobody
      // is to wait for that, or to be refused for it. This costs what the command costs.
      likely = Math.min(likely, call.likelyEffectBytes(true));
    }
    return writePath.promise(bytes, likely) ? null : noRoom(call);
  }

  @Override
  public String claim(Call call, long bytes) {
    return writePath.promiseMore(bytes) ? null : noRoom(call);
  }

  private String noRoom(Call call) {
    String reason = refusal();
    if (reason != null) {
      return MISCONF + reason;
    }
    if (call.queued()) {
      // What ran before it in the transaction cannot be taken back.
      return MISCONF + NOT_YET;
    }
    // The space was asked for, so a report of the log follows and ends the wait.
    waiting.add(call.client().connection());
    return POSTPONE;
  }

  /** The client is gone. */
  public void forget(Client client) {
    waiting.remove(client.connection());
  }

  private void resumeWaiting() {
    waiting.forEach(Connection::resumeRequests);
    waiting.clear();
  }
}
