package org.chronolith.server.gate;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;
import org.chronolith.server.write.WritePath;

/**
 * Refuses writes that the log could not take, before they are applied: no space is reserved for
 * them, or the disk has failed.
 */
public final class LogSpaceGate implements Gate {
  /** What a command may log beyond its own words: SELECT, MULTI, EXEC, expired keys. */
  private static final long EFFECT_RESERVE_BYTES = 64 << 10;

  private final WritePath writePath;
  private volatile String failure;

  public LogSpaceGate(WritePath writePath) {
    this.writePath = writePath;
  }

  /** A force has failed: nothing is written any more. Any thread. */
  public void failed(String cause) {
    failure = cause;
  }

  /** Why nothing is written any more, or null. Any thread. */
  public String failure() {
    return failure;
  }

  @Override
  public String refuse(Call call) {
    if (!call.writes()) {
      return null;
    }
    if (failure != null) {
      return "MISCONF Errors writing to the AOF file: " + failure;
    }
    if (!writePath.hasRoom(2 * call.requestBytes() + EFFECT_RESERVE_BYTES)) {
      return "MISCONF Errors writing to the AOF file: No space left on device";
    }
    return null;
  }
}
