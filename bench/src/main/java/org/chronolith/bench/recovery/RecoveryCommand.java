package org.chronolith.bench.recovery;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.chronolith.bench.process.Candidates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench recovery}: the servers are measured one after the other, never side by side. */
@Command(
    name = "recovery",
    description =
        "Prints how long redis-server and Chronolith take to serve again: stopped after a save (of"
            + " redis-server, a rewrite of its append-only file), killed without one, and killed"
            + " after so much was written since one.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class RecoveryCommand implements Callable<Integer> {

  private static final int MOST_SIZES = 8;

  /** The append-only file, not rewritten by itself. */
  private static final List<String> REFERENCE_DIRECTIVES =
      List.of("--appendonly", "yes", "--save", "", "--auto-aof-rewrite-percentage", "0");

  private static final List<String> SUBJECT_DIRECTIVES =
      List.of("--appendonly", "yes", "--save", "", "--snapshot-trigger-log-bytes", "0");

  @Option(
      names = "--keys",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,250000,1000000",
      description = "numbers of keys")
  private List<Integer> keys;

  @Option(
      names = "--log",
      paramLabel = "MIB",
      split = ",",
      defaultValue = "16,64,256",
      description = "values written since the save, over the middle one of the numbers of keys")
  private List<Integer> logMib;

  @Option(
      names = "--value-bytes",
      paramLabel = "N",
      defaultValue = "100",
      description = "size of a value")
  private int valueBytes;

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
    settings.forEach((name, value) -> out.println(name + ": " + value));
    RecoveryRun reference =
        new RecoveryRun(
            candidates::startReference, REFERENCE_DIRECTIVES, List.of("BGREWRITEAOF"), valueBytes);
    RecoveryRun subject =
        new RecoveryRun(candidates::startSubject, SUBJECT_DIRECTIVES, List.of("SAVE"), valueBytes);
    List<Restart> restarts = new ArrayList<>();
    for (int count : keys) {
      out.println(count + " keys");
      restarts.addAll(reference.byKeys(count));
      restarts.addAll(subject.byKeys(count));
    }
    int middle = keys.get(keys.size() / 2);
    for (int mib : logMib) {
      out.println(mib + " MiB of log");
      restarts.add(reference.byLog(middle, mib));
      restarts.add(subject.byLog(middle, mib));
    }
    out.println();
    out.println(RecoveryReport.table(restarts));
    candidates.writeJson(RecoveryReport.json(facts, settings, restarts));
    if (plot != null) {
      RecoveryReport.plot(plot, restarts);
    }
    return 0;
  }

  private void check() {
    if (Stream.concat(keys.stream(), logMib.stream()).anyMatch(value -> value <= 0)
        || valueBytes <= 0) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
    if (keys.size() > MOST_SIZES || logMib.size() > MOST_SIZES) {
      throw new ParameterException(spec.commandLine(), "at most " + MOST_SIZES + " of each");
    }
  }
}
