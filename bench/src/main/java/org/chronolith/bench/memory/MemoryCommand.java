package org.chronolith.bench.memory;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.chronolith.bench.process.Candidates;
import org.chronolith.bench.process.ServerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench memory}: the servers are measured one after the other, never side by side. */
@Command(
    name = "memory",
    description =
        "Prints bytes per key and the worst pause while keys are overwritten at random, and once"
            + " more during BGSAVE, for redis-server and Chronolith.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class MemoryCommand implements Callable<Integer> {

  /** The log on, and no snapshot rules: the only save is the one that is asked for. */
  private static final List<String> DIRECTIVES =
      List.of("--appendonly", "yes", "--appendfsync", "everysec", "--save", "");

  /** Keeps redis-server from forking because its log has grown. */
  private static final List<String> REFERENCE_DIRECTIVES =
      List.of("--auto-aof-rewrite-percentage", "0");

  /** Keeps Chronolith from a snapshot because its log has grown. */
  private static final List<String> SUBJECT_DIRECTIVES =
      List.of("--snapshot-trigger-log-bytes", "0");

  @Option(names = "--keys", paramLabel = "N", defaultValue = "3000000", description = "keys")
  private int keys;

  @Option(
      names = "--value-bytes",
      paramLabel = "N",
      defaultValue = "100",
      description = "size of a value")
  private int valueBytes;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "20",
      description = "how long the first phase overwrites; the second lasts as long as the save")
  private int seconds;

  @Option(
      names = "--pipeline",
      paramLabel = "N",
      defaultValue = "32",
      description = "SETs sent before their replies are read")
  private int pipeline;

  @Mixin private Candidates candidates;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (Stream.of(keys, valueBytes, seconds, pipeline).anyMatch(value -> value <= 0)) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
    Map<String, String> facts = candidates.facts();
    PrintWriter out = candidates.out(spec);
    facts.forEach((name, value) -> out.println(name + ": " + value));
    out.println(keys + " keys of 16 bytes, values of " + valueBytes + " bytes");
    List<MemoryReport.Side> sides =
        List.of(
            measure(candidates.startReference(with(REFERENCE_DIRECTIVES)), out),
            measure(candidates.startSubject(with(SUBJECT_DIRECTIVES)), out));
    out.println();
    out.println(MemoryReport.table(sides));
    candidates.writeJson(MemoryReport.json(facts, sides));
    return 0;
  }

  private static List<String> with(List<String> own) {
    return Stream.concat(DIRECTIVES.stream(), own.stream()).toList();
  }

  /** Measures the server, and stops it. */
  private MemoryReport.Side measure(ServerProcess started, PrintWriter out) {
    try (ServerProcess server = started) {
      MemoryRun run = new MemoryRun(server, keys, valueBytes, pipeline);
      out.println(server.name() + ": loading");
      MemoryRun.Load load = run.load();
      out.println(server.name() + ": overwriting");
      MemoryRun.Phase plain = run.overwrite(seconds);
      out.println(server.name() + ": overwriting during BGSAVE");
      MemoryRun.Phase saving = run.overwriteWhileSaving();
      return new MemoryReport.Side(server.name(), keys, load, plain, saving);
    }
  }
}
