package org.chronolith.server.commands.admin;

import java.time.Instant;
import java.util.List;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.SubcommandHelp;

/**
 * {@code TIME}, and commands that clients send to find out what they are talking to: {@code MODULE
 * LIST}, {@code CLUSTER INFO}, {@code READONLY} and so on, answered as a server without modules
 * that is not part of a cluster.
 */
public final class ServerCommands {
  private static final CommandException NO_CLUSTER =
      new CommandException("ERR This instance has cluster support disabled");

  private ServerCommands() {}

  /** The declarations. */
  public static List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("time")
            .arity(1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .group(CommandGroup.SERVER)
            .since("2.6.0")
            .summary("The server's clock: Unix seconds and microseconds")
            .handler(ServerCommands::time)
            .build(),
        new SubcommandHelp()
            .build(
                container("module", "4.0.0", "A container for module commands")
                    .subcommand(
                        CommandSpec.named("list")
                            .arity(2)
                            .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT)
                            .since("4.0.0")
                            .summary("The modules that are loaded: none")
                            .handler(call -> call.reply().array(0)))),
        new SubcommandHelp()
            .build(
                container("cluster", "3.0.0", "A container for cluster commands")
                    .subcommand(
                        noCluster("info", "3.0.0", "Information about the cluster")
                            .flags(CommandFlag.STALE))
                    .subcommand(
                        noCluster("nodes", "3.0.0", "The nodes of the cluster")
                            .flags(CommandFlag.STALE))
                    .subcommand(
                        noCluster("slots", "3.0.0", "The slots of the nodes")
                            .flags(CommandFlag.STALE))
                    .subcommand(
                        noCluster("shards", "7.0.0", "The shards of the cluster")
                            .flags(CommandFlag.STALE))
                    .subcommand(
                        noCluster("myid", "3.0.0", "The id of this node")
                            .flags(CommandFlag.STALE))),
        noCluster("readonly", "3.0.0", "Allow reads on a cluster's replica")
            .arity(1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .group(CommandGroup.CONNECTION)
            .build(),
        noCluster("readwrite", "3.0.0", "Take READONLY back")
            .arity(1)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .group(CommandGroup.CONNECTION)
            .build(),
        noCluster("asking", "3.0.0", "Allow one command for a slot that is being imported")
            .arity(1)
            .flags(CommandFlag.FAST)
            .group(CommandGroup.CONNECTION)
            .build());
  }

  private static CommandSpec.Builder container(String name, String since, String summary) {
    return CommandSpec.named(name)
        .arity(-2)
        .group(CommandGroup.SERVER)
        .since(since)
        .summary(summary)
        .complexity("Depends on subcommand.");
  }

  private static CommandSpec.Builder noCluster(String name, String since, String summary) {
    return CommandSpec.named(name)
        .arity(2)
        .since(since)
        .summary(summary + ": always an error, there is no cluster mode")
        .handler(
            call -> {
              throw NO_CLUSTER;
            });
  }

  private static void time(Call call) {
    Instant now = Instant.now();
    call.reply().array(2);
    call.reply().bulk(now.getEpochSecond());
    call.reply().bulk(now.getNano() / 1000L);
  }
}
