package org.chronolith.server.commands.admin;

import java.util.ArrayList;
import java.util.List;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.info.Info;

/** {@code INFO [section ...]}. */
public final class InfoCommand {

  private final Info info;

  public InfoCommand(Info info) {
    this.info = info;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("info")
            .arity(-1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Get information and statistics about the server")
            .arguments("[section [section ...]]")
            .complexity("O(1)")
            .handler(this::info)
            .build());
  }

  private void info(Call call) {
    List<String> sections = new ArrayList<>();
    for (int i = 1; i < call.argc(); i++) {
      sections.add(call.text(i));
    }
    call.reply().verbatim("txt", info.render(sections));
  }
}
