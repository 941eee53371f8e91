package org.chronolith.server.commands.admin;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/** {@code SHUTDOWN}. It has no reply: the connection is closed when the process ends. */
public final class ShutdownCommand {
  private static final CommandException NOT_IN_PROGRESS =
      new CommandException("ERR No shutdown in progress.");

  private final Consumer<Optional<Boolean>> stop;

  /**
   * @param stop has the process end soon; told whether a snapshot is wanted, or empty to go by the
   *     {@code save} rules
   */
  public ShutdownCommand(Consumer<Optional<Boolean>> stop) {
    this.stop = stop;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("shutdown")
            .arity(-1)
            .flags(
                CommandFlag.ADMIN,
                CommandFlag.NOSCRIPT,
                CommandFlag.LOADING,
                CommandFlag.STALE,
                CommandFlag.NO_MULTI,
                CommandFlag.ALLOW_BUSY)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Save if that is asked for or configured, and end the server")
            .arguments("[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]")
            .complexity("O(N) when saving, where N is the number of changed keys, else O(1)")
            .handler(this::shutdown)
            .build());
  }

  private void shutdown(Call call) {
    Optional<Boolean> save = Optional.empty();
    boolean abort = false;
    for (int i = 1; i < call.argc(); i++) {
      if (call.is(i, "nosave") && save.isEmpty()) {
        save = Optional.of(false);
      } else if (call.is(i, "save") && save.isEmpty()) {
        save = Optional.of(true);
      } else if (call.is(i, "abort")) {
        abort = true;
      } else if (!call.is(i, "now") && !call.is(i, "force")) {
        throw CommandException.SYNTAX;
      }
    }
    if (abort) {
      if (call.argc() > 2) {
        throw CommandException.SYNTAX;
      }
      // Once begun it does not wait for anything that could be given up.
      throw NOT_IN_PROGRESS;
    }
    call.client().connection().pauseRequests();
    stop.accept(save);
  }
}
