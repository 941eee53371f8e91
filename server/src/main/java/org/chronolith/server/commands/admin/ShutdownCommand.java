package org.chronolith.server.commands.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.chronolith.server.client.Client;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;

/**
 * {@code SHUTDOWN}. It has no reply, unless it is aborted: the connection is closed when the
 * process ends.
 *
 * <p>Thread: engine.
 */
public final class ShutdownCommand {
  private static final CommandException NOT_IN_PROGRESS =
      new CommandException("ERR No shutdown in progress.");
  private static final String ABORTED = "ERR Errors trying to SHUTDOWN. Check logs.";

  private final Stop stop;

  /** Clients that have said it and wait. */
  private final List<Client> asked = new ArrayList<>();

  /** Ends the process. */
  public interface Stop {
    /**
     * Has it end soon.
     *
     * @param save whether a snapshot is wanted, or empty to go by the {@code save} rules
     * @param now without waiting for replicas
     */
    void request(Optional<Boolean> save, boolean now);

    /** Gives it up, if it still waits for replicas. Returns whether it did. */
    boolean abort();
  }

  public ShutdownCommand(Stop stop) {
    this.stop = stop;
  }

  /** The client has gone. */
  public void forget(Client client) {
    asked.remove(client);
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
    boolean now = false;
    boolean force = false;
    for (int i = 1; i < call.argc(); i++) {
      if (call.is(i, "nosave") && save.isEmpty()) {
        save = Optional.of(false);
      } else if (call.is(i, "save") && save.isEmpty()) {
        save = Optional.of(true);
      } else if (call.is(i, "abort")) {
        abort = true;
      } else if (call.is(i, "now")) {
        now = true;
      } else if (call.is(i, "force")) {
        force = true;
      } else {
        throw CommandException.SYNTAX;
      }
    }
    if (abort) {
      if (now || force || save.isPresent()) {
        throw CommandException.SYNTAX;
      }
      abort();
      call.reply().ok();
      return;
    }
    asked.add(call.client());
    call.client().connection().pauseRequests();
    stop.request(save, now);
  }

  private void abort() {
    if (!stop.abort()) {
      throw NOT_IN_PROGRESS;
    }
    for (Client client : asked) {
      client.connection().reply().error(ABORTED);
      client.connection().resumeRequests();
    }
    asked.clear();
  }
}
