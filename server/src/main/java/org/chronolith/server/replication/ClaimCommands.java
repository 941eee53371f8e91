package org.chronolith.server.replication;

import java.util.Collection;
import org.chronolith.network.RespWriter;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.SubcommandHelp;

/** {@code REPLICATION SLOTS} and {@code REPLICATION DROP}: Chronolith's own. Thread: engine. */
final class ClaimCommands {
  private static final int FIELDS = 7;

  private final Replication replication;

  private ClaimCommands(Replication replication) {
    this.replication = replication;
  }

  /** The container {@code REPLICATION}. */
  static CommandSpec replication(Replication replication) {
    ClaimCommands commands = new ClaimCommands(replication);
    return new SubcommandHelp()
        .build(
            CommandSpec.named("replication")
                .arity(-2)
                .group(CommandGroup.SERVER)
                .since("0.1.0")
                .summary("A container for commands about what replicas need of the log")
                .subcommand(
                    CommandSpec.named("slots")
                        .arity(2)
                        .flags(CommandFlag.ADMIN, CommandFlag.STALE)
                        .since("0.1.0")
                        .summary("Each replica, connected or not, that the log is kept for.")
                        .handler(commands::slots))
                .subcommand(
                    CommandSpec.named("drop")
                        .arity(3)
                        .flags(CommandFlag.ADMIN, CommandFlag.STALE)
                        .since("0.1.0")
                        .arguments("id")
                        .summary("Forget a replica that is not connected: it will not come back.")
                        .handler(commands::drop)));
  }

  private void slots(Call call) {
    Collection<Claim> claims = replication.replicas().claims().all();
    long end = replication.log().endOffset();
    RespWriter reply = call.reply();
    reply.array(claims.size());
    for (Claim claim : claims) {
      reply.map(FIELDS);
      reply.bulk("id");
      reply.bulk(claim.id());
      reply.bulk("ip");
      reply.bulk(claim.ip());
      reply.bulk("port");
      reply.integer(claim.port());
      reply.bulk("connected");
      reply.integer(claim.connected() ? 1 : 0);
      reply.bulk("offset");
      reply.integer(claim.offset());
      reply.bulk("bytes-behind");
      reply.integer(claim.bytesBehind(end));
      reply.bulk("seconds-behind");
      reply.integer(claim.secondsBehind(end, call.nowMs()));
    }
  }

  private void drop(Call call) {
    Claims claims = replication.replicas().claims();
    String id = call.text(2);
    Claim claim = claims.get(id);
    if (claim != null && claim.connected()) {
      throw new CommandException("ERR The replica of that slot is connected");
    }
    // A full sync that was cut off holds the log as well, with a claim or without one.
    boolean hadSync = replication.replicas().runningSyncs().forgetCut(id);
    if (claim == null && !hadSync) {
      throw new CommandException("ERR No such replica slot");
    }
    claims.forget(id);
    call.reply().ok();
  }
}
