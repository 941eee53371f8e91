package org.chronolith.bench.disk;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.chronolith.bench.process.Candidates;
import org.chronolith.bench.process.ServerProcess;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench disk-failure}: the servers are measured one after the other, never side by side. */
@Command(
    name = "disk-failure",
    description =
        "Prints what clients of redis-server and Chronolith see while the disk becomes full and is"
            + " freed again, and while it is slow, since others write and force on it.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class DiskFailureCommand implements Callable<Integer> {

  private static final List<String> DIRECTIVES =
      List.of("--appendonly", "yes", "--appendfsync", "everysec", "--save", "");

  /** What is done to the disk. */
  private enum Only {
    full,
    slow,
    both
  }

  @Option(
      names = "--only",
      paramLabel = "KIND",
      defaultValue = "both",
      description = "${COMPLETION-CANDIDATES}; full mounts a tmpfs, which takes root")
  private Only only;

  @Option(
      names = "--volume",
      paramLabel = "MIB",
      defaultValue = "128",
      description = "size of the volume that becomes full")
  private int volumeMib;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "10000",
      description = "SETs a second; GETs are 1000 a second")
  private int setsPerSecond;

  @Option(
      names = "--value-bytes",
      paramLabel = "N",
      defaultValue = "1000",
      description = "size of a value")
  private int valueBytes;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "6",
      description = "how long before, during and after")
  private double seconds;

  @Option(names = "--plot", paramLabel = "FILE", description = "draw the figures there, as PNG")
  private Path plot;

  @Mixin private Candidates candidates;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (setsPerSecond <= 0 || valueBytes <= 0 || seconds <= 0 || volumeMib <= 0) {
      throw new ParameterException(spec.commandLine(), "counts and sizes must be positive");
    }
    Map<String, String> facts = candidates.facts();
    PrintWriter out = candidates.out(spec);
    facts.forEach((name, value) -> out.println(name + ": " + value));
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("value bytes", Integer.toString(valueBytes));
    settings.put("SET/s", Integer.toString(setsPerSecond));
    settings.put("volume that becomes full, MiB", Integer.toString(volumeMib));
    settings.forEach((name, value) -> out.println(name + ": " + value));
    List<DiskRun> runs = new ArrayList<>();
    if (only != Only.slow) {
      out.println("full");
      runs.add(full(true));
      runs.add(full(false));
    }
    if (only != Only.full) {
      out.println("slow");
      runs.add(slow(candidates.startReference(DIRECTIVES)));
      runs.add(slow(candidates.startSubject(DIRECTIVES)));
    }
    out.println();
    out.println(DiskReport.table(runs));
    candidates.writeJson(DiskReport.json(facts, settings, runs));
    if (plot != null) {
      DiskReport.plot(plot, runs);
    }
    return 0;
  }

  private DiskRun full(boolean reference) {
    try (FullVolume volume = FullVolume.mount(volumeMib);
        ServerProcess server =
            reference
                ? candidates.startReference(volume.directory(), DIRECTIVES)
                : candidates.startSubject(volume.directory(), DIRECTIVES)) {
      return measure("full", server, volume);
    }
  }

  private DiskRun slow(ServerProcess started) {
    try (ServerProcess server = started;
        DiskHog hog = new DiskHog(server.directory())) {
      return measure("slow", server, hog);
    }
  }

  private DiskRun measure(String scenario, ServerProcess server, Disturbance disturbance) {
    return DiskRun.measure(scenario, server, disturbance, setsPerSecond, valueBytes, seconds);
  }
}
