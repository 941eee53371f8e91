package org.chronolith.bench;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.chronolith.bench.disk.DiskFailureCommand;
import org.chronolith.bench.memory.MemoryCommand;
import org.chronolith.bench.recovery.RecoveryCommand;
import org.chronolith.bench.resync.ResyncCommand;
import org.chronolith.bench.throughput.ThroughputCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/chronolith bench}: one subcommand per measurement. */
@Command(
    name = "chronolith bench",
    description = "Measures Chronolith, side by side with redis-server where that makes sense.",
    mixinStandardHelpOptions = true,
    subcommands = {
      ThroughputCommand.class,
      MemoryCommand.class,
      ResyncCommand.class,
      RecoveryCommand.class,
      DiskFailureCommand.class,
      JmhCommand.class
    })
public final class Main implements Runnable {

  @Spec private CommandSpec spec;

  private Main() {}

  /**
   * Exits with 0 when everything was measured, 1 when a measurement failed, 2 on a wrong argument.
   */
  public static void main(String[] arguments) {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(execute(out, err, arguments));
  }

  /** As {@link #main}, but prints to {@code out} and {@code err} and returns the exit code. */
  static int execute(PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setExecutionExceptionHandler(
            (failure, commandLine, parsed) -> {
              if (!(failure instanceof BenchException)) {
                throw failure;
              }
              commandLine.getErr().println(failure.getMessage());
              return commandLine.getCommandSpec().exitCodeOnExecutionException();
            })
        .execute(arguments);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a subcommand is needed");
  }
}
