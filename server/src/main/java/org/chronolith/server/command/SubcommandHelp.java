package org.chronolith.server.command;

import java.util.Locale;

/** The {@code HELP} subcommand of a container: made of the declarations of its subcommands. */
public final class SubcommandHelp {
  private CommandSpec container;

  /** Builds the container with this subcommand added. */
  public CommandSpec build(CommandSpec.Builder builder) {
    container =
        builder
            .subcommand(
                CommandSpec.named("help")
                    .arity(2)
                    .flags(CommandFlag.LOADING, CommandFlag.STALE)
                    .since("5.0.0")
                    .summary("Prints this help.")
                    .handler(this::help))
            .build();
    return container;
  }

  /** The error for a subcommand with too many arguments, where arity does not say how many. */
  public static CommandException wrongArguments(Call call, String container) {
    return new CommandException(
        "ERR unknown subcommand or wrong number of arguments for '"
            + call.text(1)
            + "'. Try "
            + container
            + " HELP.");
  }

  private void help(Call call) {
    call.reply().array(1 + 2L * container.subcommands().size());
    call.reply()
        .simple(
            container.name().toUpperCase(Locale.ROOT)
                + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for (CommandSpec sub : container.subcommands().values()) {
      call.reply().simple((sub.name().toUpperCase(Locale.ROOT) + " " + sub.arguments()).trim());
      call.reply().simple("    " + sub.summary());
    }
  }
}
