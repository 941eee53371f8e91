package org.chronolith.server.commands.elements;

import io.netty.buffer.ByteBufUtil;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.write.Effects;

/** Elements of collections on their way out, straight from where they lie. */
public final class Elements {
  private static final CommandException NOT_POSITIVE =
      new CommandException("ERR value is out of range, must be positive");

  private Elements() {}

  /** Replies with the element as a bulk string. */
  public static void bulk(RespWriter reply, StoredBytes element) {
    reply.bulkHeader(element.length());
    element.copyTo(reply.buffer());
    reply.endBulk();
  }

  /** Adds the element to an effect as a word; {@code effects} may be null. */
  public static void word(Effects effects, StoredBytes element) {
    if (effects != null) {
      element.copyTo(effects.beginWord(element.length()));
      effects.endWord();
    }
  }

  /** Word {@code i} as a count of elements, as {@code LPOP} and its like take it. */
  public static long count(Call call, int i) {
    long count = call.integer(i, NOT_POSITIVE);
    if (count < 0) {
      throw NOT_POSITIVE;
    }
    return count;
  }

  /** Whether two words are the same bytes: the same key. */
  public static boolean areEqual(Slice word, Slice other) {
    return word.length() == other.length()
        && ByteBufUtil.equals(
            word.buffer(), word.offset(), other.buffer(), other.offset(), word.length());
  }

  /** The error of a command that checks its number of words beyond its arity. */
  public static CommandException wrongArity(Call call) {
    return new CommandException(
        "ERR wrong number of arguments for '" + call.spec().fullName() + "' command");
  }

  /**
   * The declared effect of a command that changed {@code changes} elements, as it came; nothing if
   * it changed none.
   */
  public static void propagate(Call call, long changes) {
    if (changes > 0) {
      call.propagate();
      call.changes(changes - 1);
    }
  }
}
