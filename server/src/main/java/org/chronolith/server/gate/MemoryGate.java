package org.chronolith.server.gate;

import java.util.function.LongSupplier;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;

/**
 * Refuses commands that may need memory once {@code maxmemory}, or the direct memory that the
 * process may take at all, is used up: before they change anything.
 */
public final class MemoryGate implements Gate {
  /** What one command may need beyond its arguments: a table that grows, blocks of a chain. */
  private static final long COMMAND_RESERVE_BYTES = 2L << 20;

  private final LongSupplier maxMemoryBytes;

  /**
   * @param maxMemoryBytes {@code maxmemory}; 0 for no limit of the configuration's
   */
  public MemoryGate(LongSupplier maxMemoryBytes) {
    this.maxMemoryBytes = maxMemoryBytes;
  }

  @Override
  public String refuse(Call call) {
    if (!call.deniedOnOom()) {
      return null;
    }
    long limit = maxMemoryBytes.getAsLong();
    if (limit > 0 && call.keyspace().usedMemoryBytes() > limit) {
      return "OOM command not allowed when used memory > 'maxmemory'.";
    }
    if (!call.keyspace().canAllocate(2 * call.requestBytes() + COMMAND_RESERVE_BYTES)) {
      return "OOM command not allowed: the direct memory of the process is used up."
          + " Raise -XX:MaxDirectMemorySize or set maxmemory below it.";
    }
    return null;
  }
}
