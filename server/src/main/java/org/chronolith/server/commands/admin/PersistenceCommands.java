package org.chronolith.server.commands.admin;

import java.util.List;
import org.chronolith.network.Connection;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.recovery.RdbFile;
import org.chronolith.server.recovery.SnapshotDuty;

/**
 * {@code SAVE}, {@code BGSAVE}, {@code LASTSAVE}. Both save in the background; {@code SAVE} holds
 * back the client that sent it until its snapshot is complete, and nobody else.
 */
public final class PersistenceCommands {
  private static final CommandException IN_PROGRESS =
      new CommandException("ERR Background save already in progress");

  private final SnapshotDuty snapshots;
  private final RdbFile rdbFile;

  /**
   * @param rdbFile what a save leaves for redis-server, if that is wanted
   */
  public PersistenceCommands(SnapshotDuty snapshots, RdbFile rdbFile) {
    this.snapshots = snapshots;
    this.rdbFile = rdbFile;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("save")
            .arity(1)
            .flags(
                CommandFlag.ADMIN,
                CommandFlag.NOSCRIPT,
                CommandFlag.NO_ASYNC_LOADING,
                CommandFlag.NO_MULTI)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Save the dataset to disk and wait for it")
            .complexity("O(N) where N is the number of keys that changed since the last save")
            .handler(this::save)
            .build(),
        CommandSpec.named("bgsave")
            .arity(-1)
            .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT, CommandFlag.NO_ASYNC_LOADING)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Save the dataset to disk in the background")
            .arguments("[SCHEDULE]")
            .complexity("O(1)")
            .handler(this::bgsave)
            .build(),
        CommandSpec.named("lastsave")
            .arity(1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Get the time of the last successful save, in Unix seconds")
            .complexity("O(1)")
            .handler(call -> call.reply().integer(rdbFile.lastSaveMs(snapshots) / 1000))
            .build());
  }

  private void save(Call call) {
    refuseWhileSaving();
    Connection connection = call.client().connection();
    connection.pauseRequests();
    rdbFile.save(snapshots, "SAVE", failure -> saved(connection, failure));
  }

  private static void saved(Connection connection, String failure) {
    if (connection.isClosing()) {
      return;
    }
    if (failure == null) {
      connection.reply().ok();
    } else {
      connection.reply().error("ERR " + failure);
    }
    connection.resumeRequests();
  }

  private void bgsave(Call call) {
    if (call.argc() > 2 || call.argc() == 2 && !call.is(1, "schedule")) {
      throw CommandException.SYNTAX;
    }
    refuseWhileSaving();
    if (snapshots.logFailure() != null) {
      throw new CommandException("ERR " + snapshots.logFailure());
    }
    rdbFile.save(snapshots, "BGSAVE", failure -> {});
    call.reply().simple("Background saving started");
  }

  private void refuseWhileSaving() {
    if (snapshots.inProgress() || rdbFile.isRunning()) {
      throw IN_PROGRESS;
    }
  }
}
