package org.chronolith.server.command;

import java.util.List;
import org.chronolith.engine.Slice;
import org.chronolith.network.Request;
import org.chronolith.network.RespWriter;
import org.chronolith.server.client.Client;
import org.chronolith.server.client.Transaction;
import org.chronolith.server.write.Effects;
import org.chronolith.server.write.WritePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a client's request: look up, check the arity, pass the gates in order, queue it if a
 * transaction is open, run it, stage its effects.
 *
 * <p>Thread: engine.
 */
public final class Dispatcher {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final int UNKNOWN_TEXT_CHARS = 128;

  private static final String WRONG_ARITY = "ERR wrong number of arguments";

  private final CommandTable table;
  private final CommandRunner runner;
  private final WritePath writePath;
  private final List<Gate> gates;
  private final Observer observer;
  private final FatalStop fatalStop;
  private final Call call;

  /** Told of every executed request, for the slow log, latency figures and monitors. */
  public interface Observer {
    /** After the run; {@code nanos} is its duration. The call's arguments are still valid. */
    void ran(Call call, long nanos);
  }

  /** Ends the process when memory and log may no longer agree. */
  public interface FatalStop {
    void stop(String reason, Throwable cause);
  }

  public Dispatcher(
      CommandTable table,
      CommandRunner runner,
      WritePath writePath,
      List<Gate> gates,
      Observer observer,
      FatalStop fatalStop) {
    this.table = table;
    this.runner = runner;
    this.writePath = writePath;
    this.gates = List.copyOf(gates);
    this.observer = observer;
    this.fatalStop = fatalStop;
    call = new Call(runner);
  }

  /** Handles one request of a client. */
  public void request(Client client, Request request) {
    RespWriter reply = client.connection().reply();
    long replyStart = reply.position();
    Client.ReplyMode replyMode = client.replyMode();
    handle(client, request, reply);
    if (replyMode != Client.ReplyMode.ON) {
      suppress(client, replyMode, reply, replyStart);
    }
    call.shrink();
  }

  /** {@code CLIENT REPLY OFF|SKIP}: takes the reply back, unless the command switched it on. */
  private static void suppress(
      Client client, Client.ReplyMode before, RespWriter reply, long replyStart) {
    if (client.replyMode() == Client.ReplyMode.ON) {
      return;
    }
    // Messages and confirmed subscriptions stay. Not inside EXEC's reply, which goes as a whole.
    boolean pushes = client.pushedTo() > replyStart && !client.lastCommand().isExec();
    reply.rewind(pushes ? client.pushedTo() : replyStart);
    client.clearPushed();
    if (before == Client.ReplyMode.SKIP_NEXT) {
      client.replyMode(Client.ReplyMode.ON);
    }
  }

  private void handle(Client client, Request request, RespWriter reply) {
    call.bind(client, request, reply);
    CommandSpec spec = resolve(reply);
    if (spec == null) {
      abortTransaction(client);
      return;
    }
    call.spec(spec);
    String refusal = refusal(client, spec);
    if (refusal != null) {
      if (refusal.equals(Gate.POSTPONE)) {
        client.connection().postponeRequest();
      } else {
        refuse(client, spec, refusal);
      }
    } else if (client.transaction() != null && queues(spec)) {
      client.transaction().queue(spec, call.arguments(), call.argc());
      reply.simple("QUEUED");
    } else {
      execute(client, spec);
    }
  }

  private void refuse(Client client, CommandSpec spec, String refusal) {
    spec.stats().rejectedCalls++;
    if (spec.isExec()) {
      abandon(client, spec, refusal.startsWith(WRONG_ARITY) ? refusal.substring(4) : refusal);
    } else {
      abortTransaction(client);
      call.error(refusal);
    }
  }

  private void abandon(Client client, CommandSpec exec, String reason) {
    if (client.transaction() == null) {
      call.error("EXECABORT Transaction discarded because of: " + reason);
    } else {
      // It still runs, to discard the transaction and say why.
      client.transaction().abort(reason);
      execute(client, exec);
    }
  }

  private void execute(Client client, CommandSpec spec) {
    long nowMs = runner.clock().wallMs();
    Effects effects = writePath.effects();
    effects.beginUnit();
    long before = spec.stats().nanos;
    try {
      runner.run(call, nowMs);
    } catch (RuntimeException | Error e) {
      if (spec.isWrite() || effects.unitHasEffects() || e instanceof Error) {
        fatalStop.stop("command '" + spec.fullName() + "' failed half way", e);
        throw e;
      }
      LOG.warn("Command '{}' failed", spec.fullName(), e);
      call.error("ERR internal error: " + e);
    }
    if (call.postponed()) {
      // A key that it met may have expired.
      if (effects.endUnit()) {
        writePath.staged();
      }
      client.connection().postponeRequest();
      return;
    }
    client.ran(spec, nowMs);
    if (effects.endUnit()) {
      writePath.staged(client);
    }
    observer.ran(call, spec.stats().nanos - before);
  }

  private String refusal(Client client, CommandSpec spec) {
    if (!spec.accepts(call.argc())) {
      return WRONG_ARITY + " for '" + spec.fullName() + "' command";
    }
    for (int i = 0; i < gates.size(); i++) {
      String refusal = gates.get(i).refuse(call);
      if (refusal != null) {
        return refusal;
      }
    }
    if (client.transaction() != null && spec.isNoMulti()) {
      return "ERR Command not allowed inside a transaction";
    }
    return null;
  }

  /** Looks the command up, and its subcommand; replies and returns null when there is none. */
  private CommandSpec resolve(RespWriter reply) {
    CommandSpec spec = table.find(call.arg(0));
    if (spec == null) {
      call.error(unknownCommand());
      return null;
    }
    if (spec.subcommands().isEmpty() || call.argc() < 2) {
      return spec;
    }
    Slice word = call.arg(1);
    for (CommandSpec sub : spec.subcommands().values()) {
      if (word.length() == sub.name().length() && call.is(1, sub.name())) {
        return sub;
      }
    }
    String text = call.text(1);
    call.error(
        "ERR unknown subcommand '"
            + clean(text.substring(0, Math.min(UNKNOWN_TEXT_CHARS, text.length())))
            + "'. Try "
            + spec.name().toUpperCase(java.util.Locale.ROOT)
            + " HELP.");
    return null;
  }

  private String unknownCommand() {
    StringBuilder arguments = new StringBuilder();
    for (int i = 1; i < call.argc() && arguments.length() < UNKNOWN_TEXT_CHARS; i++) {
      String text = call.text(i);
      int room = UNKNOWN_TEXT_CHARS - arguments.length();
      arguments.append('\'').append(text, 0, Math.min(room, text.length())).append("' ");
    }
    String name = call.text(0);
    name = name.substring(0, Math.min(UNKNOWN_TEXT_CHARS, name.length()));
    return clean("ERR unknown command '" + name + "', with args beginning with: " + arguments);
  }

  private static String clean(String text) {
    return text.replace('\r', ' ').replace('\n', ' ');
  }

  private static boolean queues(CommandSpec spec) {
    return switch (spec.name()) {
      case "exec", "discard", "multi", "watch", "quit", "reset" -> false;
      default -> true;
    };
  }

  private static void abortTransaction(Client client) {
    Transaction transaction = client.transaction();
    if (transaction != null) {
      transaction.abort();
    }
  }

  public CommandRunner runner() {
    return runner;
  }

  public CommandTable table() {
    return table;
  }
}
