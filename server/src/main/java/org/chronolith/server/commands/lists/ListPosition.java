package org.chronolith.server.commands.lists;

import org.chronolith.engine.types.list.ListValue;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;

/** LPOS: its options, and the search. Reused; thread: the one that owns the keyspace. */
final class ListPosition {
  private static final CommandException ZERO_RANK =
      new CommandException(
          "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or"
              + " use negative to start from the end of the list");
  private static final CommandException NEGATIVE_COUNT =
      new CommandException("ERR COUNT can't be negative");
  private static final CommandException NEGATIVE_LENGTH =
      new CommandException("ERR MAXLEN can't be negative");

  private long rank;

  /** Most matches, 0 for all, -1 if one is wanted that is no array. */
  private long count;

  /** Most elements compared, 0 for all. */
  private long maxLength;

  void run(Call call) {
    read(call);
    ListValue list = call.dataset().collections().lists();
    list.find(call.db(), call.arg(1));
    RespWriter reply = call.reply();
    long mark = reply.defer();
    long found = search(call, list);
    if (count >= 0) {
      reply.deferredArray(mark, found);
    } else if (found == 0) {
      reply.nullBulk();
    }
  }

  private void read(Call call) {
    rank = 1;
    count = -1;
    maxLength = 0;
    for (int i = 3; i < call.argc(); i += 2) {
      if (i + 1 == call.argc()) {
        throw CommandException.SYNTAX;
      }
      if (call.is(i, "rank")) {
        rank = call.integer(i + 1);
        if (rank == 0) {
          throw ZERO_RANK;
        }
      } else if (call.is(i, "count")) {
        count = notNegative(call, i + 1, NEGATIVE_COUNT);
      } else if (call.is(i, "maxlen")) {
        maxLength = notNegative(call, i + 1, NEGATIVE_LENGTH);
      } else {
        throw CommandException.SYNTAX;
      }
    }
  }

  private static long notNegative(Call call, int i, CommandException error) {
    long value = call.integer(i, error);
    if (value < 0) {
      throw error;
    }
    return value;
  }

  /** Writes the indexes, and answers how many they are. */
  private long search(Call call, ListValue list) {
    boolean backwards = rank < 0;
    long size = list.size();
    // As Redis has it: the least integer, which has no positive counterpart, skips nothing.
    long skipped = rank == Long.MIN_VALUE ? 0 : Math.abs(rank) - 1;
    long most = count < 0 ? 1 : count;
    long found = 0;
    boolean there = list.seek(backwards ? size - 1 : 0);
    for (long compared = 0; there && (maxLength == 0 || compared < maxLength); compared++) {
      if (list.matches(call.arg(2)) && skipped-- <= 0) {
        call.reply().integer(backwards ? size - 1 - compared : compared);
        if (++found == most) {
          return found;
        }
      }
      there = backwards ? list.previous() : list.next();
    }
    return found;
  }
}
