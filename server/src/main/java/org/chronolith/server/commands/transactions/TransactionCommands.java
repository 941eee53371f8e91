package org.chronolith.server.commands.transactions;

import java.util.List;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Transaction;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;

/**
 * {@code MULTI EXEC DISCARD WATCH UNWATCH}. What the commands of an {@code EXEC} change is one unit
 * of effects, so it is propagated as {@code MULTI … EXEC}.
 */
public final class TransactionCommands {
  private static final CommandException NESTED =
      new CommandException("ERR MULTI calls can not be nested");
  private static final CommandException EXEC_WITHOUT_MULTI =
      new CommandException("ERR EXEC without MULTI");
  private static final CommandException DISCARD_WITHOUT_MULTI =
      new CommandException("ERR DISCARD without MULTI");
  private static final CommandException WATCH_INSIDE_MULTI =
      new CommandException("ERR WATCH inside MULTI is not allowed");
  private static final CommandException ABORTED =
      new CommandException("EXECABORT Transaction discarded because of previous errors.");

  private final Watches watches;

  public TransactionCommands(Watches watches) {
    this.watches = watches;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        spec("multi", 1, "1.2.0", "", "Begin a transaction", TransactionCommands::multi)
            .flags(CommandFlag.FAST, CommandFlag.ALLOW_BUSY)
            .build(),
        spec("exec", 1, "1.2.0", "", "Run the commands queued since MULTI", this::exec)
            .flags(CommandFlag.SKIP_SLOWLOG)
            .complexity("Depends on commands in the transaction")
            .build(),
        spec("discard", 1, "2.0.0", "", "Give the transaction up", this::discard)
            .flags(CommandFlag.FAST, CommandFlag.ALLOW_BUSY)
            .complexity("O(N) where N is the number of queued commands")
            .build(),
        spec(
                "watch",
                -2,
                "2.2.0",
                "key [key ...]",
                "Let the next EXEC run only if these keys stay as they are",
                this::watch)
            .flags(CommandFlag.FAST, CommandFlag.ALLOW_BUSY)
            .keys(1, -1, 1)
            .complexity("O(1) for each key")
            .build(),
        spec("unwatch", 1, "2.2.0", "", "Forget the watched keys", this::unwatch)
            .flags(CommandFlag.FAST, CommandFlag.ALLOW_BUSY)
            .build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE)
        .group(CommandGroup.TRANSACTIONS)
        .since(since)
        .arguments(arguments)
        .summary(summary)
        .handler(handler);
  }

  private static void multi(Call call) {
    if (call.client().transaction() != null) {
      throw NESTED;
    }
    call.client().transaction(new Transaction());
    call.reply().ok();
  }

  private void discard(Call call) {
    if (call.client().transaction() == null) {
      throw DISCARD_WITHOUT_MULTI;
    }
    end(call.client());
    call.reply().ok();
  }

  private void end(Client client) {
    client.transaction(null);
    watches.unwatch(client);
  }

  private void watch(Call call) {
    Client client = call.client();
    if (client.transaction() != null) {
      throw WATCH_INSIDE_MULTI;
    }
    for (int i = 1; i < call.argc(); i++) {
      // A key that has expired is removed now, so that only an expiry from here on is a change.
      call.db().find(call.arg(i));
      watches.watch(client, client.db(), call.arg(i).toBytes());
    }
    call.reply().ok();
  }

  private void unwatch(Call call) {
    watches.unwatch(call.client());
    call.reply().ok();
  }

  private void exec(Call call) {
    Client client = call.client();
    Transaction transaction = client.transaction();
    if (transaction == null) {
      throw EXEC_WITHOUT_MULTI;
    }
    watches.expireWatched(client, call.keyspace());
    boolean broken = client.watchBroken();
    end(client);
    if (transaction.aborted()) {
      throw transaction.refusal() == null
          ? ABORTED
          : new CommandException(
              "EXECABORT Transaction discarded because of: " + transaction.refusal());
    }
    RespWriter reply = call.reply();
    if (broken) {
      reply.nullArray();
      return;
    }
    List<Transaction.Queued> commands = transaction.commands();
    reply.array(commands.size());
    for (int i = 0; i < commands.size(); i++) {
      call.runner().runQueued(client, commands.get(i), reply, call.nowMs());
    }
  }
}
