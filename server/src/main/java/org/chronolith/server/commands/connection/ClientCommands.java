package org.chronolith.server.commands.connection;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.ClientRegistry;
import org.chronolith.server.client.Subscriptions;
import org.chronolith.server.client.Watches;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.Handler;
import org.chronolith.server.command.SubcommandHelp;

/** {@code CLIENT}. */
public final class ClientCommands {
  private static final CommandException NO_SUCH_CLIENT = new CommandException("ERR No such client");
  private static final CommandException BAD_ID = new CommandException("ERR Invalid client ID");
  private static final CommandException BAD_TIMEOUT =
      new CommandException("ERR timeout is not an integer or out of range");
  private static final CommandException NEGATIVE_TIMEOUT =
      new CommandException("ERR timeout is negative");
  private static final CommandException BAD_PAUSE_MODE =
      new CommandException("ERR CLIENT PAUSE mode must be WRITE or ALL");
  private static final CommandException BAD_UNBLOCK_REASON =
      new CommandException("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");

  /** What lets clients wait that have sent a blocking command. */
  public interface Blocking {
    /**
     * @param withError else the client is answered as if its time were over
     * @return whether it waited
     */
    boolean unblock(Client client, boolean withError);
  }

  private final ClientRegistry clients;
  private final Watches watches;
  private final Subscriptions subscriptions;
  private final ClientPause pause;
  private final Blocking blocking;
  private final Supplier<Collection<LinkedPeer>> peers;

  /**
   * @param peers the connections of the replication
   */
  public ClientCommands(
      ClientRegistry clients,
      Watches watches,
      Subscriptions subscriptions,
      ClientPause pause,
      Blocking blocking,
      Supplier<Collection<LinkedPeer>> peers) {
    this.clients = clients;
    this.watches = watches;
    this.subscriptions = subscriptions;
    this.pause = pause;
    this.blocking = blocking;
    this.peers = peers;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    SubcommandHelp help = new SubcommandHelp();
    CommandSpec.Builder client =
        CommandSpec.named("client")
            .arity(-2)
            .group(CommandGroup.CONNECTION)
            .since("2.4.0")
            .summary("A container for client connection commands")
            .complexity("Depends on subcommand.");
    own(client);
    others(client);
    return List.of(help.build(client));
  }

  private static void own(CommandSpec.Builder client) {
    client
        .subcommand(
            sub("id", 2, "5.0.0", "", "The id of the current connection", ClientCommands::id))
        .subcommand(
            sub(
                "getname",
                2,
                "2.6.9",
                "",
                "The name of the current connection",
                ClientCommands::getName))
        .subcommand(
            sub(
                "setname",
                3,
                "2.6.9",
                "connection-name",
                "Name the current connection",
                ClientCommands::setName))
        .subcommand(
            sub(
                "setinfo",
                4,
                "7.2.0",
                "<LIB-NAME libname | LIB-VER libver>",
                "Say which library the current connection uses",
                ClientCommands::setInfo))
        .subcommand(
            sub(
                "reply",
                3,
                "3.2.0",
                "<ON | OFF | SKIP>",
                "Whether the current connection gets replies",
                ClientCommands::reply))
        .subcommand(
            sub(
                    "no-evict",
                    3,
                    "7.0.0",
                    "<ON | OFF>",
                    "Protect the current connection from client eviction",
                    ClientCommands::noEvict)
                .flags(CommandFlag.ADMIN))
        .subcommand(
            sub(
                "no-touch",
                3,
                "7.2.0",
                "<ON | OFF>",
                "Whether commands of the current connection leave a key's access time alone",
                ClientCommands::noTouch));
  }

  private void others(CommandSpec.Builder client) {
    client
        .subcommand(sub("info", 2, "6.2.0", "", "Describe the current connection", this::info))
        .subcommand(
            sub(
                    "list",
                    -2,
                    "2.4.0",
                    "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
                    "Describe the connections",
                    this::list)
                .flags(CommandFlag.ADMIN)
                .complexity("O(N) where N is the number of client connections"))
        .subcommand(
            sub(
                    "kill",
                    -3,
                    "2.4.0",
                    "<ip:port | <[ID client-id] [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>]"
                        + " [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME <YES | NO>]>>",
                    "Close connections",
                    this::kill)
                .flags(CommandFlag.ADMIN)
                .complexity("O(N) where N is the number of client connections"))
        .subcommand(
            sub(
                    "pause",
                    -3,
                    "3.0.0",
                    "timeout [WRITE | ALL]",
                    "Let commands wait for some milliseconds",
                    this::pause)
                .flags(CommandFlag.ADMIN))
        .subcommand(
            sub("unpause", 2, "6.2.0", "", "End a pause", this::unpause)
                .flags(CommandFlag.ADMIN)
                .complexity("O(N) where N is the number of waiting connections"))
        .subcommand(
            sub(
                    "unblock",
                    -3,
                    "5.0.0",
                    "client-id [TIMEOUT | ERROR]",
                    "End the waiting of another connection's blocking command",
                    this::unblock)
                .flags(CommandFlag.ADMIN)
                .complexity("O(N) where N is the number of blocked connections"));
  }

  private static CommandSpec.Builder sub(
      String name, int arity, String since, String arguments, String summary, Handler handler) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE)
        .since(since)
        .arguments(arguments)
        .summary(summary)
        .handler(handler);
  }

  private static void id(Call call) {
    call.reply().integer(call.client().id());
  }

  private static void getName(Call call) {
    if (call.client().name().isEmpty()) {
      call.reply().nullBulk();
    } else {
      call.reply().bulk(call.client().name());
    }
  }

  private static void setName(Call call) {
    call.client().name(ClientNames.checked(call.text(2)));
    call.reply().ok();
  }

  private static void setInfo(Call call) {
    String attribute = call.text(2);
    String value = call.text(3);
    boolean name = call.is(2, "lib-name");
    if (!name && !call.is(2, "lib-ver")) {
      throw new CommandException("ERR Unrecognized option '" + attribute + "'");
    }
    if (!ClientNames.isPlain(value)) {
      throw new CommandException(
          "ERR " + attribute + " cannot contain spaces, newlines or special characters.");
    }
    if (name) {
      call.client().libName(value);
    } else {
      call.client().libVersion(value);
    }
    call.reply().ok();
  }

  private static void reply(Call call) {
    Client client = call.client();
    if (call.is(2, "on")) {
      client.replyMode(Client.ReplyMode.ON);
      call.reply().ok();
    } else if (call.is(2, "off")) {
      client.replyMode(Client.ReplyMode.OFF);
    } else if (call.is(2, "skip")) {
      if (client.replyMode() != Client.ReplyMode.OFF) {
        client.replyMode(Client.ReplyMode.SKIP_NEXT);
      }
    } else {
      throw CommandException.SYNTAX;
    }
  }

  private static void noEvict(Call call) {
    call.client().noEvict(onOrOff(call));
    call.reply().ok();
  }

  private static void noTouch(Call call) {
    call.client().noTouch(onOrOff(call));
    call.reply().ok();
  }

  private static boolean onOrOff(Call call) {
    if (call.is(2, "on")) {
      return true;
    }
    if (call.is(2, "off")) {
      return false;
    }
    throw CommandException.SYNTAX;
  }

  private void info(Call call) {
    call.reply().verbatim("txt", line(call.client(), call) + "\n");
  }

  private String line(Client client, Call call) {
    CommandSpec running = client == call.client() ? call.spec() : null;
    return ClientLine.of(client, running, watches, subscriptions, call.nowMs());
  }

  private void list(Call call) {
    ClientType type = null;
    Set<Long> ids = null;
    if (call.argc() == 4 && call.is(2, "type")) {
      type = ClientType.parse(call.text(3));
    } else if (call.argc() > 3 && call.is(2, "id")) {
      ids = new HashSet<>();
      for (int i = 3; i < call.argc(); i++) {
        ids.add(call.integer(i, BAD_ID));
      }
    } else if (call.argc() != 2) {
      throw CommandException.SYNTAX;
    }
    StringBuilder lines = new StringBuilder();
    for (Client client : clients.all()) {
      if ((type == null || type == ClientType.of(client))
          && (ids == null || ids.contains(client.id()))) {
        lines.append(line(client, call)).append('\n');
      }
    }
    for (LinkedPeer peer : peers.get()) {
      if ((type == null || type == peer.type()) && (ids == null || ids.contains(peer.id()))) {
        lines.append(ClientLine.of(peer, call.nowMs())).append('\n');
      }
    }
    call.reply().verbatim("txt", lines.toString());
  }

  private void kill(Call call) {
    if (call.argc() == 3) {
      if (closeAll(ClientFilter.byAddress(call.text(2)), call.client()) == 0) {
        throw NO_SUCH_CLIENT;
      }
      call.reply().ok();
    } else {
      call.reply().integer(closeAll(ClientFilter.parse(call), call.client()));
    }
  }

  private long closeAll(ClientFilter filter, Client caller) {
    long closed = 0;
    for (Client client : List.copyOf(clients.all())) {
      if (!client.connection().isClosing() && filter.matches(client, caller)) {
        closed++;
        if (client == caller) {
          client.connection().closeAfterFlush();
        } else {
          client.connection().close();
        }
      }
    }
    for (LinkedPeer peer : peers.get()) {
      if (filter.matches(peer)) {
        closed++;
        peer.close();
      }
    }
    return closed;
  }

  private void pause(Call call) {
    if (call.argc() > 4) {
      throw SubcommandHelp.wrongArguments(call, "CLIENT");
    }
    long timeoutMs = call.integer(2, BAD_TIMEOUT);
    boolean everything = true;
    if (call.argc() == 4 && call.is(3, "write")) {
      everything = false;
    } else if (call.argc() == 4 && !call.is(3, "all")) {
      throw BAD_PAUSE_MODE;
    }
    if (timeoutMs < 0) {
      throw NEGATIVE_TIMEOUT;
    }
    if (timeoutMs > Long.MAX_VALUE - call.nowMs()) {
      throw BAD_TIMEOUT;
    }
    pause.pause(call.nowMs() + timeoutMs, everything);
    call.reply().ok();
  }

  private void unpause(Call call) {
    pause.unpause();
    call.reply().ok();
  }

  private void unblock(Call call) {
    if (call.argc() > 4) {
      throw SubcommandHelp.wrongArguments(call, "CLIENT");
    }
    boolean withError = call.argc() == 4 && call.is(3, "error");
    if (call.argc() == 4 && !withError && !call.is(3, "timeout")) {
      throw BAD_UNBLOCK_REASON;
    }
    Client client = clients.find(call.integer(2));
    call.reply().integer(client != null && blocking.unblock(client, withError) ? 1 : 0);
  }
}
