package org.chronolith.server.commands.strings;

import org.chronolith.engine.Slice;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** What the commands on strings share: the look-up with its type check, and the reply. */
final class StringAccess {
  private StringAccess() {}

  /**
   * The entry of a string key, or 0.
   *
   * @throws CommandException {@code WRONGTYPE}
   */
  static long find(Database db, Slice key) {
    long entry = db.find(key);
    if (entry != 0 && db.type(entry) != ValueType.STRING) {
      throw CommandException.WRONG_TYPE;
    }
    return entry;
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
