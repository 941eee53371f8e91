package org.chronolith.server.commands.admin;

import java.util.List;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.SubcommandHelp;

/** {@code MEMORY USAGE}. */
public final class MemoryCommand {
  private MemoryCommand() {}

  /** The declarations. */
  public static List<CommandSpec> specs() {
    return List.of(
        new SubcommandHelp()
            .build(
                CommandSpec.named("memory")
                    .arity(-2)
                    .group(CommandGroup.SERVER)
                    .since("4.0.0")
                    .summary("A container for memory diagnostics commands")
                    .complexity("Depends on subcommand.")
                    .subcommand(
                        CommandSpec.named("usage")
                            .arity(-3)
                            .flags(CommandFlag.READONLY)
                            .keys(2, 2, 1)
                            .since("4.0.0")
                            .arguments("key [SAMPLES count]")
                            .summary("The bytes that a key and its value take")
                            .complexity("O(1): of a large collection some elements are looked at")
                            .handler(MemoryCommand::usage))));
  }

  private static void usage(Call call) {
    for (int i = 3; i < call.argc(); i += 2) {
      // How many are looked at is our own choice.
      if (!call.is(i, "samples") || i + 1 == call.argc() || call.integer(i + 1) < 0) {
        throw CommandException.SYNTAX;
      }
    }
    long entry = call.db().find(call.arg(2));
    if (entry == 0) {
      call.reply().nullBulk();
    } else {
      call.reply().integer(call.db().memoryBytes(entry));
    }
  }
}
