package org.chronolith.server.commands.admin;

import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.chronolith.server.command.Call;
import org.chronolith.server.command.CommandException;
import org.chronolith.server.command.CommandFlag;
import org.chronolith.server.command.CommandGroup;
import org.chronolith.server.command.CommandSpec;
import org.chronolith.server.command.SubcommandHelp;
import org.chronolith.server.config.AccessLevel;

/** {@code DEBUG SLEEP|DIGEST|SCRUB}, for those whom {@code enable-debug-command} lets. */
public final class DebugCommand {
  private static final CommandException NOT_ALLOWED =
      new CommandException(
          "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\","
              + " you can run it from a local connection, otherwise you need to set this option in"
              + " the configuration file, and then restart the server.");
  private static final List<String> HELP =
      List.of(
          "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
          "DIGEST",
          "    Output a hex signature representing the current DB content.",
          "SCRUB",
          "    Verify all of the log and the newest snapshot; INFO persistence shows the result.",
          "SLEEP <seconds>",
          "    Stop the server for <seconds>. Decimals allowed.",
          "HELP",
          "    Prints this help.");

  private final Supplier<AccessLevel> access;
  private final Runnable scrub;

  /**
   * @param access who may use it
   * @param scrub begins to verify the log; returns at once
   */
  public DebugCommand(Supplier<AccessLevel> access, Runnable scrub) {
    this.access = access;
    this.scrub = scrub;
  }

  /** The declarations. */
  public List<CommandSpec> specs() {
    return List.of(
        CommandSpec.named("debug")
            .arity(-2)
            .flags(CommandFlag.ADMIN, CommandFlag.NOSCRIPT, CommandFlag.LOADING, CommandFlag.STALE)
            .group(CommandGroup.SERVER)
            .since("1.0.0")
            .summary("Look into the server, or stop it for a while")
            .arguments("<DIGEST | SCRUB | SLEEP seconds | HELP>")
            .complexity("Depends on subcommand.")
            .handler(this::debug)
            .build());
  }

  private void debug(Call call) {
    if (!allowed(call)) {
      throw NOT_ALLOWED;
    }
    if (call.argc() == 2 && call.is(1, "digest")) {
      call.reply().simple(HexFormat.of().formatHex(call.keyspace().digest()));
    } else if (call.argc() == 2 && call.is(1, "scrub")) {
      scrub.run();
      call.reply().ok();
    } else if (call.argc() == 3 && call.is(1, "sleep")) {
      sleep(call);
    } else if (call.argc() == 2 && call.is(1, "help")) {
      call.reply().array(HELP.size());
      HELP.forEach(call.reply()::simple);
    } else {
      throw SubcommandHelp.wrongArguments(call, "DEBUG");
    }
  }

  private boolean allowed(Call call) {
    return switch (access.get()) {
      case YES -> true;
      case NO -> false;
      case LOCAL -> isLocal(call.client().connection().remoteAddress());
    };
  }

  private static boolean isLocal(String address) {
    return address.startsWith("127.") || address.startsWith("[::1]") || address.startsWith("/");
  }

  /** Stops this very thread: that is what it is for. */
  private static void sleep(Call call) {
    // As strtod does, what is no number counts as 0.
    double seconds;
    try {
      seconds = call.floating(2);
    } catch (CommandException notANumber) {
      seconds = 0;
    }
    long deadline = System.nanoTime() + (long) (seconds * 1e9);
    for (long left = deadline - System.nanoTime(); left > 0; left = deadline - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    call.reply().ok();
  }
}
