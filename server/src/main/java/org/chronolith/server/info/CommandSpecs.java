package org.chronolith.server.info;

import java.util.function.Consumer;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.CommandTable;

/** Walks the commands that have statistics of their own: subcommands rather than containers. */
public final class CommandSpecs {

  private CommandSpecs() {}

  /** Calls {@code visitor} for each. */
  public static void forEach(CommandTable table, Consumer<CommandSpec> visitor) {
    for (CommandSpec spec : table.all()) {
      visitor.accept(spec);
      spec.subcommands().values().forEach(visitor);
    }
  }
}
