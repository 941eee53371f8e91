package org.chronolith.server.commands.elements;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.chronolith.engine.Slice;
import org.chronolith.engine.structure.StoredBytes;
import org.chronolith.engine.types.ElementVisitor;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.GlobPattern;
import org.chronolith.server.command.ScanCursor;

/**
 * {@code HSCAN}, {@code SSCAN} and {@code ZSCAN}: options, pattern and the shape of the reply. Not
 * hot: it allocates.
 */
public final class ElementScan {
  private static final long DEFAULT_COUNT = 10;

  /** One step of a collection's own iteration: a cursor to the next one, 0 at the end. */
  @FunctionalInterface
  public interface Step {
    long scan(long cursor, int buckets, ElementVisitor visitor);
  }

  /** Writes an element's value behind its key. */
  @FunctionalInterface
  public interface ValueWriter {
    void write(RespWriter reply, StoredBytes value);
  }

  private final ByteBuf scratch = Unpooled.buffer(64);
  private final Slice key = new Slice();
  private long cursor;
  private long count = DEFAULT_COUNT;
  private GlobPattern pattern;

  private ElementScan() {}

  /**
   * Reads cursor and options from words 2 on.
   *
   * @throws CommandException the client's mistake
   */
  public static ElementScan parse(Call call) {
    ElementScan scan = new ElementScan();
    scan.cursor = ScanCursor.parse(call.arg(2));
    for (int i = 3; i < call.argc(); i += 2) {
      boolean hasValue = i + 1 < call.argc();
      if (hasValue && call.is(i, "count")) {
        scan.count = call.integer(i + 1);
        if (scan.count < 1) {
          throw CommandException.SYNTAX;
        }
      } else if (hasValue && call.is(i, "match")) {
        scan.pattern = new GlobPattern(call.arg(i + 1).toBytes());
      } else {
        throw CommandException.SYNTAX;
      }
    }
    return scan;
  }

  /** Replies for a key that does not exist. */
  public void replyNothing(Call call) {
    call.reply().array(2);
    call.reply().bulk(0);
    call.reply().array(0);
  }

  /**
   * Replies with what the steps show.
   *
   * @param values null for elements without a value
   */
  public void reply(Call call, Step step, ValueWriter values) {
    // Walked first, since the next cursor comes before the elements in the reply.
    RespWriter found = RespWriter.inMemory(call.reply().protocol());
    long[] seenAndWritten = new long[2];
    ElementVisitor visitor =
        (name, value) -> {
          seenAndWritten[0]++;
          if (isWanted(name)) {
            Elements.bulk(found, name);
            seenAndWritten[1]++;
            if (values != null) {
              values.write(found, value);
              seenAndWritten[1]++;
            }
          }
        };
    long next = cursor;
    long buckets = count > Long.MAX_VALUE / 10 ? count : count * 10;
    do {
      next = step.scan(next, 1, visitor);
      buckets--;
    } while (next != 0 && buckets > 0 && seenAndWritten[0] < count);
    ByteBuf bytes = found.take();
    try {
      call.reply().array(2);
      call.reply().bulk(Long.toUnsignedString(next));
      call.reply().array(seenAndWritten[1]);
      call.reply().raw(bytes, bytes.readerIndex(), bytes.readableBytes());
    } finally {
      bytes.release();
    }
  }

  private boolean isWanted(StoredBytes name) {
    if (pattern == null) {
      return true;
    }
    name.copyTo(scratch.clear());
    return pattern.matches(key.set(scratch, 0, scratch.readableBytes()));
  }
}
