package org.chronolith.bench.resync;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Stream;
import org.chronolith.bench.process.Candidates;
import org.chronolith.bench.process.ServerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench resync}: the pairs are measured one after the other, never side by side. */
@Command(
    name = "resync",
    description =
        "Prints how long a replica takes to get in step, from nothing and after a lag, and what"
            + " the master's clients notice meanwhile, for redis-server and Chronolith.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class ResyncCommand implements Callable<Integer> {

  private static final int MOST_SIZES = 8;

  private static final List<String> DIRECTIVES =
      List.of("--appendonly", "yes", "--appendfsync", "everysec", "--save", "");

  /** No fork but for the sync, and no wait for further replicas before it. */
  private static final List<String> REFERENCE_DIRECTIVES =
      List.of("--auto-aof-rewrite-percentage", "0", "--repl-diskless-sync-delay", "0");

  @Option(
      names = "--data",
      paramLabel = "MIB",
      split = ",",
      defaultValue = "16,64,256",
      description = "sizes of the data set, in values")
  private List<Integer> dataMib;

  @Option(
      names = "--lag",
      paramLabel = "MIB",
      split = ",",
      defaultValue = "1,16,64",
      description = "what is written while the replica is cut off")
  private List<Integer> lagMib;

  @Option(
      names = "--value-bytes",
      paramLabel = "N",
      defaultValue = "500",
      description = "size of a value")
  private int valueBytes;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "10000",
      description = "SETs a second that a client of the master goes on with")
  private int setsPerSecond;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "1",
      description = "how long clients are measured before each resync")
  private double seconds;

  @Option(names = "--plot", paramLabel = "FILE", description = "draw the figures there, as PNG")
  private Path plot;

  @Mixin private Candidates candidates;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    check();
    Map<String, String> facts = candidates.facts();
    PrintWriter out = candidates.out(spec);
    facts.forEach((name, value) -> out.println(name + ": " + value));
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("value bytes", Integer.toString(valueBytes));
    settings.put("SET/s meanwhile", Integer.toString(setsPerSecond));
    settings.forEach((name, value) -> out.println(name + ": " + value));
    List<Resync> resyncs = new ArrayList<>();
    for (int mib : dataMib) {
      resyncs.addAll(measure(candidates::startReference, REFERENCE_DIRECTIVES, mib, out));
      resyncs.addAll(measure(candidates::startSubject, List.of(), mib, out));
    }
    out.println();
    out.println(ResyncReport.table(resyncs));
    candidates.writeJson(ResyncReport.json(facts, settings, resyncs));
    if (plot != null) {
      ResyncPlot.write(plot, resyncs);
    }
    return 0;
  }

  private void check() {
    if (Stream.concat(dataMib.stream(), lagMib.stream()).anyMatch(mib -> mib <= 0)
        || valueBytes <= 0
        || setsPerSecond <= 0
        || seconds <= 0) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
    if (dataMib.size() > MOST_SIZES || lagMib.size() > MOST_SIZES) {
      throw new ParameterException(
          spec.commandLine(), "at most " + MOST_SIZES + " sizes and as many lags");
    }
  }

  private List<Resync> measure(
      Function<List<String>, ServerProcess> starter, List<String> own, int mib, PrintWriter out) {
    List<String> directives = Stream.concat(DIRECTIVES.stream(), own.stream()).toList();
    try (ServerProcess master = starter.apply(directives);
        ServerProcess replica = starter.apply(directives)) {
      out.println(master.name() + ": " + mib + " MiB");
      return new ResyncRun(
              master, replica, new ResyncRun.Settings(valueBytes, setsPerSecond, seconds))
          .measure(mib, lagMib);
    }
  }
}
