package org.chronolith.server.commands.admin;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.chronolith.engine.Slice;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandKeys;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;
import org.chronolith.server.command.GlobPattern;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.SubcommandHelp;

/** {@code COMMAND}: the command table, as its declarations have it. */
public final class CommandCommand {
  private static final CommandException NO_SUCH_COMMAND =
      new CommandException("ERR Invalid command specified");
  private static final CommandException WRONG_ARITY =
      new CommandException("ERR Invalid number of arguments specified for command");
  private static final CommandException INVALID_ARGUMENTS =
      new CommandException("ERR Invalid arguments specified for command");
  private static final CommandException NO_KEYS =
      new CommandException("ERR The command has no key arguments");

  private final Supplier<CommandTable> table;

  /**
   * @param table asked only when a command runs: the table holds this command, too
   */
  public CommandCommand(Supplier<CommandTable> table) {
    this.table = table;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    CommandSpec.Builder command =
        CommandSpec.named("command")
            .arity(-1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE)
            .group(CommandGroup.SERVER)
            .since("2.8.13")
            .summary("Details of all commands")
            .complexity("O(N) where N is the total number of commands")
            .handler(this::all)
            .subcommand(sub("count", 2, "2.8.13", "", "The number of commands", this::count))
            .subcommand(
                sub(
                    "info",
                    -2,
                    "2.8.13",
                    "[command-name [command-name ...]]",
                    "Details of some commands, or of all",
                    this::info))
            .subcommand(
                sub(
                    "docs",
                    -2,
                    "7.0.0",
                    "[command-name [command-name ...]]",
                    "Documentation of some commands, or of all",
                    this::docs))
            .subcommand(
                sub(
                    "list",
                    -2,
                    "7.0.0",
                    "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
                    "The names of commands",
                    this::list))
            .subcommand(
                sub(
                    "getkeys",
                    -4,
                    "2.8.13",
                    "command arg [arg ...]",
                    "The keys in a full command",
                    this::getKeys));
    return List.of(new SubcommandHelp().build(command));
  }

  private static CommandSpec.Builder sub(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.LOADING, CommandFlag.STALE)
        .since(since)
        .arguments(arguments)
        .summary(summary)
        .complexity("O(N) where N is the number of commands")
        .handler(handler);
  }

  private void all(Call call) {
    call.reply().array(table.get().all().size());
    table.get().all().forEach(spec -> CommandReplies.info(call.reply(), spec));
  }

  private void count(Call call) {
    call.reply().integer(table.get().all().size());
  }

  private void info(Call call) {
    if (call.argc() == 2) {
      all(call);
      return;
    }
    RespWriter reply = call.reply();
    reply.array(call.argc() - 2);
    for (int i = 2; i < call.argc(); i++) {
      CommandSpec spec = byFullName(call.text(i));
      if (spec == null) {
        reply.nullBulk();
      } else {
        CommandReplies.info(reply, spec);
      }
    }
  }

  private void docs(Call call) {
    List<CommandSpec> found = new ArrayList<>();
    if (call.argc() == 2) {
      found.addAll(table.get().all());
    }
    for (int i = 2; i < call.argc(); i++) {
      CommandSpec spec = byFullName(call.text(i));
      if (spec != null) {
        found.add(spec);
      }
    }
    call.reply().map(found.size());
    found.forEach(spec -> CommandReplies.docs(call.reply(), spec));
  }

  /** The command, or the subcommand as {@code command|subcommand}; null if there is none. */
  private CommandSpec byFullName(String name) {
    String[] words = name.toLowerCase(Locale.ROOT).split("\\|", 2);
    CommandSpec spec = table.get().find(words[0]);
    return spec == null || words.length == 1 ? spec : spec.subcommands().get(words[1]);
  }

  private void list(Call call) {
    Predicate<CommandSpec> filter;
    if (call.argc() == 2) {
      filter = spec -> true;
    } else if (call.argc() == 5 && call.is(2, "filterby")) {
      filter = filter(call);
    } else {
      throw CommandException.SYNTAX;
    }
    List<String> names = new ArrayList<>();
    for (CommandSpec spec : table.get().all()) {
      if (filter.test(spec)) {
        names.add(spec.fullName());
      }
      spec.subcommands().values().stream().filter(filter).forEach(sub -> names.add(sub.fullName()));
    }
    call.reply().array(names.size());
    names.forEach(call.reply()::bulk);
  }

  private static Predicate<CommandSpec> filter(Call call) {
    if (call.is(3, "module")) {
      return spec -> false;
    }
    if (call.is(3, "aclcat")) {
      String category = "@" + call.text(4).toLowerCase(Locale.ROOT);
      return spec -> CommandReplies.categories(spec).contains(category);
    }
    if (call.is(3, "pattern")) {
      GlobPattern pattern =
          new GlobPattern(call.text(4).toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
      return spec -> pattern.matches(bytes(spec.fullName()));
    }
    throw CommandException.SYNTAX;
  }

  private static Slice bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new Slice(io.netty.buffer.Unpooled.wrappedBuffer(bytes), 0, bytes.length);
  }

  private void getKeys(Call call) {
    CommandSpec spec = table.get().find(call.arg(2));
    if (spec == null) {
      throw NO_SUCH_COMMAND;
    }
    if (!spec.subcommands().isEmpty() && call.argc() > 3) {
      spec = spec.subcommands().get(call.text(3).toLowerCase(Locale.ROOT));
      if (spec == null) {
        throw NO_SUCH_COMMAND;
      }
    }
    if (!CommandKeys.has(spec)) {
      throw NO_KEYS;
    }
    if (!spec.accepts(call.argc() - 2)) {
      throw WRONG_ARITY;
    }
    int[] keys = CommandKeys.positions(spec, call.argc() - 2, i -> call.arg(i + 2));
    if (keys == null) {
      throw INVALID_ARGUMENTS;
    }
    call.reply().array(keys.length);
    for (int at : keys) {
      Slice key = call.arg(at + 2);
      call.reply().bulk(key.buffer(), key.offset(), key.length());
    }
  }
}
