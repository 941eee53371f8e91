package org.chronolith.server.commands.connection;

import java.util.List;
import java.util.function.Supplier;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.config.ServerVersion;

/** {@code PING ECHO QUIT AUTH HELLO SELECT RESET}. */
public final class ConnectionCommands {
  private static final CommandException WRONG_PING_ARGUMENTS =
      new CommandException("ERR wrong number of arguments for 'ping' command");
  private static final CommandException DB_OUT_OF_RANGE =
      new CommandException("ERR DB index is out of range");
  private static final CommandException NOT_AN_INT =
      new CommandException(
          "ERR value is out of range, value must between -2147483648 and 2147483647");
  private static final CommandException NOT_A_PROTOCOL =
      new CommandException("ERR Protocol version is not an integer or out of range");
  private static final CommandException NO_SUCH_PROTOCOL =
      new CommandException("NOPROTO unsupported protocol version");
  private static final CommandException NOT_AUTHENTICATED =
      new CommandException(
          "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO"
              + " AUTH <user> <pass> option can be used to authenticate the client and select the"
              + " RESP protocol version at the same time");

  private final Authentication authentication;
  private final Watches watches;
  private final Subscriptions subscriptions;
  private final Supplier<String> role;

  /**
   * @param role {@code master} or {@code replica}, as HELLO says it
   */
  public ConnectionCommands(
      ServerConfig config, Watches watches, Subscriptions subscriptions, Supplier<String> role) {
    this.authentication = new Authentication(config::requirePass);
    this.watches = watches;
    this.subscriptions = subscriptions;
    this.role = role;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        spec("ping", -1, "1.0.0", "[message]", "Ping the server", ConnectionCommands::ping)
            .flags(CommandFlag.FAST)
            .build(),
        spec("echo", 2, "1.0.0", "message", "Echo the given string", ConnectionCommands::echo)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .build(),
        always("quit", -1, "1.0.0", "", "Close the connection", ConnectionCommands::quit).build(),
        spec(
                "select",
                2,
                "1.0.0",
                "index",
                "Change the selected database for the current connection",
                ConnectionCommands::select)
            .flags(CommandFlag.LOADING, CommandFlag.STALE, CommandFlag.FAST)
            .build(),
        always(
                "auth",
                -2,
                "1.0.0",
                "[username] password",
                "Authenticate to the server",
                authentication::auth)
            .complexity("O(N) where N is the length of the password")
            .build(),
        always(
                "hello",
                -1,
                "6.0.0",
                "[protover [AUTH username password] [SETNAME clientname]]",
                "Handshake: choose the protocol, authenticate, set a name",
                this::hello)
            .build(),
        always("reset", 1, "6.2.0", "", "Reset the connection", this::reset).build());
  }

  private static CommandSpec.Builder spec(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .group(CommandGroup.CONNECTION)
        .since(since)
        .arguments(arguments)
        .summary(summary)
        .handler(handler);
  }

  /** A command that everybody may send at any time. */
  private static CommandSpec.Builder always(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return spec(name, arity, since, arguments, summary, handler)
        .flags(
            CommandFlag.NOSCRIPT,
            CommandFlag.LOADING,
            CommandFlag.STALE,
            CommandFlag.FAST,
            CommandFlag.NO_AUTH,
            CommandFlag.ALLOW_BUSY);
  }

  private static void ping(Call call) {
    if (call.argc() > 2) {
      throw WRONG_PING_ARGUMENTS;
    }
    if (call.client().isSubscriber() && call.reply().protocol() == 2) {
      // Where replies and messages mix, it must look like a message.
      call.reply().array(2);
      call.reply().bulk("pong");
      if (call.argc() == 1) {
        call.reply().bulk("");
      } else {
        echo(call);
      }
    } else if (call.argc() == 2) {
      echo(call);
    } else {
      call.reply().simple("PONG");
    }
  }

  private static void echo(Call call) {
    call.reply().bulk(call.arg(1).buffer(), call.arg(1).offset(), call.arg(1).length());
  }

  private static void quit(Call call) {
    call.reply().ok();
    call.client().connection().closeAfterFlush();
  }

  private static void select(Call call) {
    long index = call.integer(1);
    if (index != (int) index) {
      throw NOT_AN_INT;
    }
    if (index < 0 || index >= call.keyspace().databases()) {
      throw DB_OUT_OF_RANGE;
    }
    call.client().select((int) index);
    call.reply().ok();
  }

  private void reset(Call call) {
    Client client = call.client();
    client.transaction(null);
    watches.unwatch(client);
    subscriptions.forget(client);
    client.select(0);
    client.name("");
    client.noEvict(false);
    client.noTouch(false);
    client.replyMode(Client.ReplyMode.ON);
    authentication.reset(client);
    call.reply().protocol(2);
    call.reply().simple("RESET");
  }

  private void hello(Call call) {
    long protocol = 0;
    if (call.argc() > 1) {
      protocol = call.integer(1, NOT_A_PROTOCOL);
      if (protocol < 2 || protocol > 3) {
        throw NO_SUCH_PROTOCOL;
      }
    }
    helloOptions(call);
    if (!call.client().authenticated()) {
      throw NOT_AUTHENTICATED;
    }
    RespWriter reply = call.reply();
    if (protocol != 0) {
      reply.protocol((int) protocol);
    }
    reply.map(7);
    reply.bulk("server");
    reply.bulk("redis");
    reply.bulk("version");
    reply.bulk(ServerVersion.REDIS);
    reply.bulk("proto");
    reply.integer(reply.protocol());
    reply.bulk("id");
    reply.integer(call.client().id());
    reply.bulk("mode");
    reply.bulk("standalone");
    reply.bulk("role");
    reply.bulk(role.get());
    reply.bulk("modules");
    reply.array(0);
  }

  private void helloOptions(Call call) {
    int i = 2;
    while (i < call.argc()) {
      int following = call.argc() - 1 - i;
      if (call.is(i, "auth") && following >= 2) {
        authentication.authenticate(call.client(), call.text(i + 1), call.arg(i + 2).toBytes());
        i += 3;
      } else if (call.is(i, "setname") && following >= 1) {
        call.client().name(ClientNames.checked(call.text(i + 1)));
        i += 2;
      } else {
        throw new CommandException("ERR Syntax error in HELLO option '" + call.text(i) + "'");
      }
    }
  }
}
