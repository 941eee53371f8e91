package org.chronolith.server.commands.admin;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.chronolith.network.Connection;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.recovery.Backup;
import org.chronolith.server.recovery.RecoveryException;

/**
 * {@code BACKUP path}: a data directory of its own, made while the node serves. The client that
 * sent it is held back until it is whole, and nobody else.
 */
public final class BackupCommand {
  private final Backup backup;

  public BackupCommand(Backup backup) {
    this.backup = backup;
  }

  /** The declaration. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("backup")
            .arity(2)
            .flags(
                CommandFlag.ADMIN,
                CommandFlag.NOSCRIPT,
                CommandFlag.NO_ASYNC_LOADING,
                CommandFlag.NO_MULTI)
            .group(CommandGroup.SERVER)
            .since("Chronolith 0.1.0")
            .summary("Make a backup of the node in a new directory, by hard links")
            .arguments("path")
            .complexity("O(N) where N is the number of files, and the size of the newest segment")
            .handler(this::run)
            .build());
  }

  private void run(Call call) {
    Connection connection = call.client().connection();
    try {
      backup.start(
          Path.of(call.text(1)), made -> reply(connection, made), why -> reply(connection, why));
    } catch (RecoveryException | InvalidPathException e) {
      throw new CommandException("ERR " + e.getMessage());
    }
    connection.pauseRequests();
  }

  private static void reply(Connection connection, String failure) {
    if (!connection.isClosing()) {
      connection.reply().error("ERR the backup failed: " + failure);
      connection.resumeRequests();
    }
  }

  private static void reply(Connection connection, Backup.Made made) {
    if (connection.isClosing()) {
      return;
    }
    RespWriter reply = connection.reply();
    reply.map(10);
    reply.bulk("directory");
    reply.bulk(made.directory().toString());
    reply.bulk("offset");
    reply.integer(made.offset());
    reply.bulk("replication-id");
    reply.bulk(made.replicationId());
    reply.bulk("checkpoint-offset");
    reply.integer(made.checkpointOffset());
    reply.bulk("log-start-offset");
    reply.integer(made.logStartOffset());
    reply.bulk("linked-files");
    reply.integer(made.linkedFiles());
    reply.bulk("linked-bytes");
    reply.integer(made.linkedBytes());
    reply.bulk("copied-files");
    reply.integer(made.copiedFiles());
    reply.bulk("copied-bytes");
    reply.integer(made.copiedBytes());
    reply.bulk("elapsed-ms");
    reply.integer(made.elapsedMs());
    connection.resumeRequests();
  }
}
