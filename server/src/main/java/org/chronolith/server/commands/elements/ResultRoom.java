package org.chronolith.server.commands.elements;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/**
 * Memory for a collection that a command makes of others: asked for before it is begun, since a
 * command that has begun cannot fail.
 */
public final class ResultRoom {
  /** Beside the elements: tables that grow, slabs that are not full. */
  private static final long RESERVE_BYTES = 2L << 20;

  /** A table that grows is there twice for a while; a set's member takes more in a sorted set. */
  private static final int TIMES_SOURCE = 2;

  private static final CommandException NONE =
      new CommandException(
          "OOM command not allowed: the direct memory of the process is used up."
              + " Raise -XX:MaxDirectMemorySize or set maxmemory below it.");

  private ResultRoom() {}

  /**
   * Before a client's command makes something of elements that take so many bytes where they are.
   *
   * @throws CommandException if there is not enough memory
   */
  public static void require(Call call, long sourceBytes) {
    // A stream's commands have run elsewhere already: they are not refused.
    if (!call.runner().applying()
        && !call.keyspace().canAllocate(TIMES_SOURCE * sourceBytes + RESERVE_BYTES)) {
      throw NONE;
    }
  }
}
