package org.chronolith.server.commands.strings;

import static org.chronolith.server.command.CommandFlag.READONLY;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.function.LongSupplier;
import org.chronolith.engine.keyspace.Database;
import org.chronolith.engine.keyspace.ValueType;
import org.chronolith.engine.types.string.Strings;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/** LCS: the longest common subsequence of two strings. */
public final class SubsequenceCommand {
  private static final CommandException NOT_STRINGS =
      new CommandException("ERR The specified keys must contain string values");
  private static final CommandException LENGTH_AND_INDEXES =
      new CommandException("ERR If you want both the length and indexes, please just use IDX.");
  private static final CommandException TOO_LARGE =
      new CommandException(
          "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  private static final byte[] NOTHING = {};

  private final LongSupplier maxStringBytes;

  /**
   * @param maxStringBytes {@code proto-max-bulk-len}
   */
  public SubsequenceCommand(LongSupplier maxStringBytes) {
    this.maxStringBytes = maxStringBytes;
  }

  public List<CommandSpec> all() {
    return List.of(
        CommandSpec.onKey(
                CommandGroup.STRING,
                "lcs",
                -3,
                "7.0.0",
                "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
                "The longest common subsequence of two strings")
            .keys(1, 2, 1)
            .flags(READONLY)
            .complexity("O(N*M) where N and M are the lengths of the strings")
            .handler(this::run)
            .build());
  }

  private void run(Call call) {
    Database db = call.db();
    long right = string(db, call, 2);
    // Looked up again, since the other look-up may have removed a key.
    long left = string(db, call, 1);
    right = right == 0 ? 0 : db.find(call.arg(2));
    boolean length = false;
    boolean indexes = false;
    boolean withLengths = false;
    long least = 0;
    for (int i = 3; i < call.argc(); i++) {
      if (call.is(i, "idx")) {
        indexes = true;
      } else if (call.is(i, "len")) {
        length = true;
      } else if (call.is(i, "withmatchlen")) {
        withLengths = true;
      } else if (call.is(i, "minmatchlen") && i + 1 < call.argc()) {
        least = call.integer(++i);
      } else {
        throw CommandException.SYNTAX;
      }
    }
    if (length && indexes) {
      throw LENGTH_AND_INDEXES;
    }
    CommonSubsequence common = compare(call, left, right, !length);
    if (length) {
      call.reply().integer(common.length());
    } else if (indexes) {
      replyRuns(call.reply(), common, least, withLengths);
    } else {
      call.reply().bulk(common.bytes());
    }
  }

  private static long string(Database db, Call call, int i) {
    long entry = db.find(call.arg(i));
    if (entry != 0 && db.type(entry) != ValueType.STRING) {
      throw NOT_STRINGS;
    }
    return entry;
  }

  private CommonSubsequence compare(Call call, long left, long right, boolean withRuns) {
    Strings strings = call.dataset().strings();
    int leftLength = left == 0 ? 0 : strings.length(call.db(), left);
    int rightLength = right == 0 ? 0 : strings.length(call.db(), right);
    if (!CommonSubsequence.fits(leftLength, rightLength, maxStringBytes.getAsLong())) {
      throw TOO_LARGE;
    }
    boolean nothing = leftLength == 0 || rightLength == 0;
    return new CommonSubsequence(
        nothing ? NOTHING : bytes(call, left, leftLength),
        nothing ? NOTHING : bytes(call, right, rightLength),
        withRuns);
  }

  private static byte[] bytes(Call call, long entry, int length) {
    ByteBuf bytes = Unpooled.buffer(length, length);
    call.dataset().strings().copyTo(call.db(), entry, bytes);
    return bytes.array();
  }

  private static void replyRuns(
      RespWriter reply, CommonSubsequence common, long least, boolean withLengths) {
    reply.map(2);
    reply.bulk("matches");
    long mark = reply.defer();
    long[] runs = {0};
    common.forEachRun(
        (leftStart, leftEnd, rightStart, rightEnd) -> {
          int length = leftEnd - leftStart + 1;
          if (length < least) {
            return;
          }
          runs[0]++;
          reply.array(withLengths ? 3 : 2);
          range(reply, leftStart, leftEnd);
          range(reply, rightStart, rightEnd);
          if (withLengths) {
            reply.integer(length);
          }
        });
    reply.deferredArray(mark, runs[0]);
    reply.bulk("len");
    reply.integer(common.length());
  }

  private static void range(RespWriter reply, int start, int end) {
    reply.array(2);
    reply.integer(start);
    reply.integer(end);
  }
}
