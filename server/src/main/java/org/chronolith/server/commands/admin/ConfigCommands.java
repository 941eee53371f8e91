package org.chronolith.server.commands.admin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.chronolith.network.Connection;
import org.chronolith.replicationlog.LogException;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.config.ConfigException;
import org.chronolith.server.config.ConfigRewriter;
import org.chronolith.server.config.ConfigSet;
import org.chronolith.server.config.ServerConfig;
import org.chronolith.server.info.Info;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code CONFIG GET, SET, REWRITE, RESETSTAT, HELP}. */
public final class ConfigCommands {

  private static final Logger LOG = LoggerFactory.getLogger(ConfigCommands.class);

  private static final List<String> HELP =
      List.of(
          "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
          "GET <pattern>",
          "    Return parameters matching the glob-like <pattern> and their values.",
          "SET <directive> <value>",
          "    Set the configuration <directive> to <value>.",
          "RESETSTAT",
          "    Reset statistics reported by the INFO command.",
          "REWRITE",
          "    Rewrite the configuration file.",
          "HELP",
          "    Prints this help.");

  private static final int IDLE_SECONDS = 5;

  /** Rewrites that may wait for an earlier one. */
  private static final int MAX_WAITING = 64;

  private final ServerConfig config;
  private final ConfigSet setter;
  private final Info info;

  /** Where files are written; its thread ends when there was nothing to do for a while. */
  private final Executor rewrites =
      new ThreadPoolExecutor(
          0,
          1,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(MAX_WAITING),
          ConfigCommands::rewriteThread);

  public ConfigCommands(ServerConfig config, Info info) {
    this.config = config;
    this.setter = new ConfigSet(config);
    this.info = info;
  }

  private static Thread rewriteThread(Runnable task) {
    Thread thread = new Thread(task, "config-rewrite");
    thread.setDaemon(true);
    return thread;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("config")
            .arity(-2)
            .group(CommandGroup.SERVER)
            .since("2.0.0")
            .summary("A container for server configuration commands")
            .complexity("Depends on subcommand.")
            .subcommand(
                sub("get", -3, "2.0.0", "Get the values of configuration parameters")
                    .arguments("parameter [parameter ...]")
                    .handler(this::get))
            .subcommand(
                sub("set", -4, "2.0.0", "Set configuration parameters to the given values")
                    .arguments("parameter value [parameter value ...]")
                    .handler(this::set))
            .subcommand(
                sub("rewrite", 2, "2.8.0", "Write the configuration in effect to its file")
                    .handler(this::rewrite))
            .subcommand(
                sub("resetstat", 2, "2.0.0", "Reset the statistics that INFO returns")
                    .handler(this::resetStat))
            .subcommand(
                CommandSpec.named("help")
                    .arity(2)
                    .flags(CommandFlag.LOADING, CommandFlag.STALE)
                    .since("5.0.0")
                    .summary("Show helpful text about the different subcommands")
                    .handler(this::help))
            .build());
  }

  private static CommandSpec.Builder sub(String name, int arity, String since, String summary) {
    return CommandSpec.named(name)
        .arity(arity)
        .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE)
        .since(since)
        .summary(summary)
        .complexity("O(N) where N is the number of configuration parameters");
  }

  private void get(Call call) {
    Map<String, String> found = config.matching(words(call, 2));
    call.reply().map(found.size());
    found.forEach(
        (name, value) -> {
          call.reply().bulk(name);
          call.reply().bulk(value);
        });
  }

  private void set(Call call) {
    List<String> pairs = words(call, 2);
    if (pairs.size() % 2 != 0) {
      throw CommandException.SYNTAX;
    }
    Optional<String> error = setter.set(pairs);
    if (error.isPresent()) {
      call.error(error.get());
    } else {
      call.reply().ok();
    }
  }

  private void rewrite(Call call) {
    if (config.file().isEmpty()) {
      throw new CommandException("ERR The server is running without a config file");
    }
    Connection connection = call.client().connection();
    boolean queued = call.queued();
    ConfigRewriter rewriter = new ConfigRewriter(config);
    // A disk is waited for elsewhere; only the client that asked for it waits.
    try {
      rewrites.execute(
          () -> {
            String failure = rewrite(rewriter);
            if (queued) {
              return;
            }
            connection.loop().execute(() -> rewritten(connection, failure));
          });
    } catch (RejectedExecutionException e) {
      throw new CommandException("ERR Rewriting config file: too many are waiting already");
    }
    if (queued) {
      // As Sentinel sends it. Inside EXEC a reply has its place and cannot wait for a disk: it says
      // that the rewrite is under way, and the log says how it ended.
      call.reply().ok();
    } else {
      connection.pauseRequests();
    }
  }

  /** The reason of the failure, or null. */
  private static String rewrite(ConfigRewriter rewriter) {
    try {
      rewriter.rewrite();
      LOG.info("CONFIG REWRITE executed with success.");
      return null;
    } catch (IOException | ConfigException | RuntimeException e) {
      LOG.warn("CONFIG REWRITE failed", e);
      return LogException.reasonOf(e);
    }
  }

  private static void rewritten(Connection connection, String failure) {
    if (connection.isClosing()) {
      return;
    }
    if (failure == null) {
      connection.reply().ok();
    } else {
      connection.reply().error("ERR Rewriting config file: " + failure);
    }
    connection.resumeRequests();
  }

  private void resetStat(Call call) {
    info.resetStat();
    call.reply().ok();
  }

  private void help(Call call) {
    call.reply().array(HELP.size());
    HELP.forEach(line -> call.reply().simple(line));
  }

  private static List<String> words(Call call, int from) {
    List<String> words = new ArrayList<>();
    for (int i = from; i < call.argc(); i++) {
      words.add(call.text(i));
    }
    return words;
  }
}
