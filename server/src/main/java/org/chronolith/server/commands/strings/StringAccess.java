package org.chronolith.server.commands.strings;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** What the commands on strings share: the look-up with its type check, room, and the reply. */
public final class StringAccess {
  private static final CommandException NO_MEMORY =
      new CommandException(
          "OOM command not allowed: the direct memory of the process is used up."
              + " Raise -XX:MaxDirectMemorySize or set maxmemory below it.");

  private StringAccess() {}

  /**
   * The entry of a string key, or 0.
   *
   * @throws CommandException {@code WRONGTYPE}
   */
  public static long find(Database db, Slice key) {
    long entry = db.find(key);
    if (entry != 0 && db.type(entry) != ValueType.STRING) {
      throw CommandException.WRONG_TYPE;
    }
    return entry;
  }

  /**
   * Checks that a string may grow by so many bytes, which its request does not show.
   *
   * @throws CommandException {@code OOM}; never where a master has decided
   */
  public static void checkRoom(Call call, long bytes) {
    if (bytes > 0 && !call.applying() && !call.keyspace().canAllocate(bytes)) {
      throw NO_MEMORY;
    }
  }

  /** Replies with the value, or with null for entry 0. */
  static void reply(Call call, Database db, long entry) {
    RespWriter reply = call.reply();
    if (entry == 0) {
      reply.nullBulk();
      return;
    }
    Strings strings = call.dataset().strings();
    reply.bulkHeader(strings.length(db, entry));
    strings.copyTo(db, entry, reply.buffer());
    reply.endBulk();
  }
}
