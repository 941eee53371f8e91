package org.chronolith.server.tools;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.chronolith.engine.EngineException;
import org.chronolith.replicationlog.LogException;
import org.chronolith.server.logging.ServerLog;
import org.chronolith.server.recovery.RecoveryException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/chronolith check | log | repair | restore | backup | import | export}. */
@Command(
    name = "chronolith",
    description =
        "Looks at, repairs, restores, backs up, imports and exports the data of a Chronolith node.",
    mixinStandardHelpOptions = true,
    subcommands = {
      CheckCommand.class,
      LogCommand.class,
      RepairCommand.class,
      RestoreCommand.class,
      BackupCommand.class,
      ImportCommand.class,
      ExportCommand.class
    })
public final class Main implements Runnable {
  /** Damage, or a difference, was found. */
  static final int DAMAGE = 1;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Exits with 0 if all is fine, 1 on damage, 2 on misuse or if it cannot be done. */
  public static void main(String[] arguments) {
    ServerLog.silence();
    PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = execute(out, err, arguments);
    System.exit(code);
  }

  /** As {@link #main}, but prints to {@code out} and {@code err} and returns the exit code. */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    int code =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setExecutionExceptionHandler(
                (failure, commandLine, parsed) -> {
                  if (!(failure instanceof ToolException
                      || failure instanceof RecoveryException
                      || failure instanceof LogException
                      || failure instanceof EngineException)) {
                    throw failure;
                  }
                  boolean json = commandLine.getParseResult().hasMatchedOption("--json");
                  tell(commandLine, json, failure.getMessage());
                  return ExitCode.USAGE;
                })
            .execute(arguments);
    out.flush();
    err.flush();
    return code;
  }

  private static void tell(CommandLine commandLine, boolean json, String message) {
    commandLine.getErr().println(commandLine.getCommandName() + ": " + message);
    if (json) {
      commandLine.getOut().println(JsonText.of(JsonText.object("error", message)));
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }
}
