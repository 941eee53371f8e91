package org.chronolith.server.tools;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> halt(err, failure));
    int code = execute(out, err, arguments);
    System.exit(code);
  }

  /** On a thread that the tool waits for: it would wait for ever. */
  private static void halt(PrintWriter err, Throwable failure) {
    try {
      err.println("chronolith: " + describe(failure));
    } finally {
      Runtime.getRuntime().halt(ExitCode.USAGE);
    }
  }

  /** As {@link #main}, but prints to {@code out} and {@code err} and returns the exit code. */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    CommandLine main =
        new CommandLine(new Main())
            .setOut(out)
            .setErr(err)
            .setExecutionExceptionHandler(
                (failure, commandLine, parsed) -> {
                  boolean json = commandLine.getParseResult().hasMatchedOption("--json");
                  return tell(commandLine, json, failure);
                });
    CommandLine.IParameterExceptionHandler usage = main.getParameterExceptionHandler();
    main.setParameterExceptionHandler(
        (misuse, words) -> {
          int refused = usage.handleParseException(misuse, words);
          // Nothing was parsed that says so.
          if (List.of(words).contains("--json")) {
            printError(misuse.getCommandLine(), misuse.getMessage());
          }
          return refused;
        });
    int code;
    try {
      code = main.execute(arguments);
      out.flush();
    } catch (RuntimeException | Error e) {
      // Picocli hands on exceptions of commands only, and makes the rest a 1: that is damage here.
      code = tell(main, List.of(arguments).contains("--json"), e);
    }
    err.flush();
    return code;
  }

  private static int tell(CommandLine commandLine, boolean json, Throwable failure) {
    PrintWriter err = commandLine.getErr();
    String message = describe(failure);
    err.println(commandLine.getCommandName() + ": " + message);
    if (!isExpected(failure) && !(failure instanceof VirtualMachineError)) {
      failure.printStackTrace(err);
    }
    if (json) {
      printError(commandLine, message);
    }
    return ExitCode.USAGE;
  }

  private static void printError(CommandLine commandLine, String message) {
    commandLine.getOut().println(JsonText.of(JsonText.object("error", message)));
  }

  private static boolean isExpected(Throwable failure) {
    return failure instanceof ToolException
        || failure instanceof RecoveryException
        || failure instanceof LogException
        || failure instanceof EngineException;
  }

  private static String describe(Throwable failure) {
    if (isExpected(failure)) {
      return failure.getMessage();
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory ("
          + failure.getMessage()
          + "); CHRONOLITH_JAVA_OPTS=-Xmx2g, say, allows for a larger heap";
    }
    return "it cannot be done: " + failure;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is needed");
  }
}
