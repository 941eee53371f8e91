package org.chronolith.server.commands.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.SubcommandHelp;
import org.chronolith.server.config.GeneralDirectives;
import org.chronolith.server.config.ServerConfig;

/**
 * The commands that took longest lately, and {@code SLOWLOG}. Commands run in a transaction count
 * as part of their {@code EXEC}.
 *
 * <p>Thread: engine.
 */
public final class SlowLog {
  private static final int MOST_WORDS = 32;
  private static final int MOST_WORD_BYTES = 128;
  private static final int DEFAULT_COUNT = 10;
  private static final CommandException BAD_COUNT =
      new CommandException("ERR count should be greater than or equal to -1");

  private final Deque<Entry> entries = new ArrayDeque<>();
  private long thresholdMicros;
  private long maxEntries;
  private long nextId;

  private record Entry(
      long id, long timeSeconds, long micros, List<byte[]> words, String address, String name) {}

  /** Follows {@code slowlog-log-slower-than} and {@code slowlog-max-len}. */
  public SlowLog(ServerConfig config) {
    thresholdMicros = config.get(GeneralDirectives.SLOWLOG_LOG_SLOWER_THAN);
    maxEntries = config.get(GeneralDirectives.SLOWLOG_MAX_LEN);
    config.onChange(GeneralDirectives.SLOWLOG_LOG_SLOWER_THAN, value -> thresholdMicros = value);
    config.onChange(GeneralDirectives.SLOWLOG_MAX_LEN, value -> maxEntries = value);
  }

  /** A command has run. */
  public void ran(Call call, long nanos) {
    if (thresholdMicros < 0 || nanos / 1000 < thresholdMicros) {
      return;
    }
    entries.addFirst(
        new Entry(
            nextId++,
            call.nowMs() / 1000,
            nanos / 1000,
            words(call),
            call.client().connection().remoteAddress(),
            call.client().name()));
    while (entries.size() > maxEntries) {
      entries.removeLast();
    }
  }

  private static List<byte[]> words(Call call) {
    boolean secret = call.spec().name().equals("auth") || call.spec().name().equals("hello");
    int shown = Math.min(call.argc(), MOST_WORDS);
    List<byte[]> words = new ArrayList<>(shown);
    for (int i = 0; i < shown; i++) {
      if (shown < call.argc() && i == shown - 1) {
        int more = call.argc() - shown + 1;
        words.add(text("... (" + more + " more arguments)"));
      } else if (secret && i > 0) {
        words.add(text("(redacted)"));
      } else {
        words.add(word(call.arg(i)));
      }
    }
    return words;
  }

  private static byte[] word(Slice word) {
    int excess = word.length() - MOST_WORD_BYTES;
    if (excess <= 0) {
      return word.toBytes();
    }
    byte[] note = text("... (" + excess + " more bytes)");
    byte[] bytes = new byte[MOST_WORD_BYTES + note.length];
    word.buffer().getBytes(word.offset(), bytes, 0, MOST_WORD_BYTES);
    System.arraycopy(note, 0, bytes, MOST_WORD_BYTES, note.length);
    return bytes;
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        new SubcommandHelp()
            .build(
                CommandSpec.named("slowlog")
                    .arity(-2)
                    .group(CommandGroup.SERVER)
                    .since("2.2.12")
                    .summary("A container for slow log commands")
                    .complexity("Depends on subcommand.")
                    .subcommand(sub("get", -2, "[count]", "Entries of the slow log", this::get))
                    .subcommand(sub("len", 2, "", "The number of entries", this::length))
                    .subcommand(sub("reset", 2, "", "Forget all entries", this::reset))));
  }

  private static CommandSpec.Builder sub(
      String name, int arity, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.ADMIN, CommandFlag.LOADING, CommandFlag.STALE)
        .since("2.2.12")
        .arguments(arguments)
        .summary(summary)
        .complexity("O(N) where N is the number of entries")
        .handler(handler);
  }

  private void length(Call call) {
    call.reply().integer(entries.size());
  }

  private void reset(Call call) {
    entries.clear();
    call.reply().ok();
  }

  private void get(Call call) {
    if (call.argc() > 3) {
      throw SubcommandHelp.wrongArguments(call, "SLOWLOG");
    }
    long count = call.argc() == 3 ? call.integer(2, BAD_COUNT) : DEFAULT_COUNT;
    if (count < -1) {
      throw BAD_COUNT;
    }
    long shown = count == -1 ? entries.size() : Math.min(count, entries.size());
    RespWriter reply = call.reply();
    reply.array(shown);
    for (Entry entry : entries) {
      if (shown-- == 0) {
        break;
      }
      reply.array(6);
      reply.integer(entry.id());
      reply.integer(entry.timeSeconds());
      reply.integer(entry.micros());
      reply.array(entry.words().size());
      entry.words().forEach(reply::bulk);
      reply.bulk(entry.address());
      reply.bulk(entry.name());
    }
  }
}
